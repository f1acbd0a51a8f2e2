// The key streams that tests/workload/conformance_test.cpp runs on. Every stream's own test file adds itself.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/workload/key_stream.hpp"

namespace syslab::test {

struct RegisteredKeys {
  using Make = std::function<std::unique_ptr<KeyStream>(std::uint64_t count)>;
  std::string name;
  Make make;

  RegisteredKeys(std::string stream_name, Make factory)
      : name(std::move(stream_name)), make(std::move(factory)) {
    all().push_back(this);
  }
  static std::vector<const RegisteredKeys*>& all() {
    static std::vector<const RegisteredKeys*> streams;
    return streams;
  }
};

}  // namespace syslab::test

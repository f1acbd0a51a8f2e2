// The id generators that tests/id/conformance_test.cpp runs on. Every kind's own test file adds itself.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/id/generator.hpp"

namespace syslab::test {

struct RegisteredGenerator {
  std::string name;
  std::function<std::unique_ptr<IdGenerator>()> make;
  // Whether ids of one generator grow, and whether that goes on where the clock went back.
  bool sorted;
  bool sorted_when_behind;

  RegisteredGenerator(std::string generator_name, decltype(make) factory, bool sorts, bool sorts_when_behind)
      : name(std::move(generator_name)),
        make(std::move(factory)),
        sorted(sorts),
        sorted_when_behind(sorts_when_behind) {
    all().push_back(this);
  }
  static std::vector<const RegisteredGenerator*>& all() {
    static std::vector<const RegisteredGenerator*> generators;
    return generators;
  }
};

}  // namespace syslab::test

// The limiters that tests/limit/conformance_test.cpp runs on. Every algorithm's own test file adds itself.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/limit/limiter.hpp"

namespace syslab::test {

struct RegisteredLimiter {
  std::string name;
  // A limit of `rate` a second with room for `burst` at once.
  std::function<std::unique_ptr<Limiter>(double rate, double burst)> make;
  std::function<std::unique_ptr<KeyedLimiter>(double rate, double burst, std::size_t max_keys)> make_keyed;

  RegisteredLimiter(std::string limiter_name, decltype(make) factory, decltype(make_keyed) keyed_factory)
      : name(std::move(limiter_name)), make(std::move(factory)), make_keyed(std::move(keyed_factory)) {
    all().push_back(this);
  }
  static std::vector<const RegisteredLimiter*>& all() {
    static std::vector<const RegisteredLimiter*> limiters;
    return limiters;
  }
};

}  // namespace syslab::test

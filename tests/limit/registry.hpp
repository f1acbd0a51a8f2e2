// The limiters that tests/limit/conformance_test.cpp runs on. Every algorithm's own test file adds itself.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/limit/concurrency_limiter.hpp"
#include "core/limit/limiter.hpp"

namespace syslab::test {

// A request that was admitted.
struct Taken {
  std::int64_t at;  // nanoseconds
  double cost;
};

struct RegisteredLimiter {
  struct Kind {
    // A limit of `rate` a second with room for `burst` at once (with a window: burst in burst / rate
    // seconds).
    std::function<std::unique_ptr<Limiter>(double rate, double burst)> make = nullptr;
    std::function<std::unique_ptr<KeyedLimiter>(double rate, double burst, std::size_t max_keys)> make_keyed =
        nullptr;
    // The most that may ever be admitted in any time of that many seconds, both ends included.
    std::function<double(double rate, double burst, double seconds)> bound = nullptr;
    // The slow exact model: would this request be admitted, after all those? Costs are multiples of 1/4,
    // rates and bursts whole numbers, times do not run backwards.
    std::function<bool(std::int64_t rate, std::int64_t burst, const std::vector<Taken>& history,
                       std::int64_t now, double cost)>
        model = nullptr;
    // Time that runs backwards never lets more through.
    bool monotone = true;
  };

  std::string name;     // as in Lua
  std::string variant;  // "" or what distinguishes it
  Kind kind;

  RegisteredLimiter(std::string limiter_name, std::string limiter_variant, Kind limiter_kind)
      : name(std::move(limiter_name)), variant(std::move(limiter_variant)), kind(std::move(limiter_kind)) {
    all().push_back(this);
  }
  std::string title() const { return variant.empty() ? name : name + ", " + variant; }
  static std::vector<const RegisteredLimiter*>& all() {
    static std::vector<const RegisteredLimiter*> limiters;
    return limiters;
  }
};

struct RegisteredConcurrency {
  std::string name;
  // A limit that begins with `limit`.
  std::function<std::unique_ptr<ConcurrencyLimiter>(std::uint32_t limit)> make;
  std::function<std::unique_ptr<KeyedConcurrencyLimiter>(std::uint32_t limit, std::size_t max_keys)>
      make_keyed;

  RegisteredConcurrency(std::string limiter_name, decltype(make) factory, decltype(make_keyed) keyed_factory)
      : name(std::move(limiter_name)), make(std::move(factory)), make_keyed(std::move(keyed_factory)) {
    all().push_back(this);
  }
  static std::vector<const RegisteredConcurrency*>& all() {
    static std::vector<const RegisteredConcurrency*> limiters;
    return limiters;
  }
};

}  // namespace syslab::test

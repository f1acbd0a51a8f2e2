#include "core/limit/concurrency.hpp"

#include <catch2/catch.hpp>

#include "tests/limit/registry.hpp"

using namespace syslab;
using syslab::test::RegisteredConcurrency;

namespace {

const RegisteredConcurrency registered(
    "concurrency", [](std::uint32_t limit) { return make_concurrency({.limit = limit}); },
    [](std::uint32_t limit, std::size_t max_keys) {
      return make_keyed_concurrency({.limit = limit}, max_keys);
    });

constexpr Duration ms(std::int64_t n) {
  return Duration(n * 1'000'000);
}

}  // namespace

TEST_CASE("concurrency: the burst is held back by multiples of the typical latency", "[limit][concurrency]") {
  // resty.limit.conn: the delay of connection n is unit_delay * floor((n - 1) / max), beyond max + burst it
  // is refused.
  const auto limiter = make_concurrency({.limit = 2, .burst = 3, .unit_delay = ms(100)});
  for (const std::int64_t expected : {0, 0, 100, 100, 200}) {
    const Admission admission = limiter->acquire();
    REQUIRE(admission.admitted);
    REQUIRE(admission.delay == ms(expected));
  }
  REQUIRE_FALSE(limiter->acquire().admitted);
  REQUIRE(limiter->in_flight() == 5);
  REQUIRE(limiter->release());
  REQUIRE(limiter->peek().delay == ms(200));
  REQUIRE(limiter->describe() == "concurrency{limit = 2, burst = 3, unit_delay = 0.1}");
}

TEST_CASE("concurrency: the typical latency is learned, half way each time", "[limit][concurrency]") {
  const auto limiter = make_concurrency({.limit = 1, .burst = 1, .unit_delay = ms(100)});
  limiter->acquire();
  limiter->acquire();
  limiter->release(RequestOutcome::success, ms(300));
  REQUIRE(limiter->peek().delay == ms(200));
  limiter->release(RequestOutcome::success);  // not measured: nothing is learned
  limiter->acquire();
  REQUIRE(limiter->peek().delay == ms(200));
  REQUIRE_FALSE(limiter->fresh()->release());
  limiter->reset();
  limiter->acquire();
  REQUIRE(limiter->peek().delay == ms(100));
}

TEST_CASE("concurrency: a key of which nobody is inside takes no memory", "[limit][concurrency]") {
  const auto keyed = make_keyed_concurrency({.limit = 2}, 100);
  REQUIRE(keyed->acquire(1).admitted);
  REQUIRE(keyed->acquire(1).admitted);
  REQUIRE_FALSE(keyed->acquire(1).admitted);
  REQUIRE(keyed->acquire(2).admitted);
  REQUIRE(keyed->size() == 2);
  keyed->release(1);
  keyed->release(1);
  REQUIRE(keyed->size() == 1);
  REQUIRE_FALSE(keyed->release(1));
}

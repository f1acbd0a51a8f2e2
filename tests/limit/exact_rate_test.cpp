#include "core/limit/exact_rate.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/base/rng.hpp"

using namespace syslab;

TEST_CASE("exact_rate: its quick divisions are those of whole numbers", "[limit][exact_rate]") {
  Rng rng(1);
  for (const double rate :
       {1e-12, 1e-7, 0.1, 1.0 / 3, 1.0, 7.0, 1e3, 12345.678, 3e6, 1e9, 98765432.1, 7e14, 1e15}) {
    for (const double burst : {1e-4, 0.5, 1.0, 3.0, 1e6, 1e15}) {
      if (!ExactRate::valid(rate, burst)) continue;
      const ExactRate exact(rate, burst);
      INFO("rate " << rate << ", burst " << burst);
      REQUIRE(exact.full() > 0);
      REQUIRE(exact.full() <= std::int64_t{1} << 61);
      REQUIRE(exact.time_for(exact.full()) == (exact.full() + exact.per_ns() - 1) / exact.per_ns());
      const auto one = exact.to_units(1);
      for (int i = 0; i < 2000; ++i) {
        const auto units = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(exact.full()) + 1));
        REQUIRE(exact.time_for(units) == units / exact.per_ns() + (units % exact.per_ns() != 0));
        REQUIRE(exact.whole_tokens(units) == static_cast<double>(units / one));
      }
      // Where it matters most: around whole tokens.
      for (double n = 1; n <= std::min(burst, 100.0); ++n) {
        REQUIRE(exact.whole_tokens(exact.to_units(n)) == n);
        if (one > 1) REQUIRE(exact.whole_tokens(exact.to_units(n) - 1) == n - 1);
      }
    }
  }
}

TEST_CASE("exact_rate: in nanoseconds an amount is a time", "[limit][exact_rate]") {
  REQUIRE(ExactRate::nanoseconds_fit(1000));
  REQUIRE(ExactRate::nanoseconds_fit(0.1));
  REQUIRE_FALSE(ExactRate::nanoseconds_fit(7));
  REQUIRE_FALSE(ExactRate::nanoseconds_fit(1e6));
  const ExactRate exact = ExactRate::in_nanoseconds(1000, 5);
  REQUIRE(exact.per_ns() == 1);
  REQUIRE(exact.to_units(1) == 1'000'000);
  REQUIRE(exact.time_for(3'500'000) == 3'500'000);
  REQUIRE(exact.whole_tokens(3'999'999) == 3);
  REQUIRE(exact.rate() == 1000);
}

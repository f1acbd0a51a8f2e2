#include "core/workload/uniform.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/workload/registry.hpp"

using namespace syslab;

namespace {

const test::RegisteredKeys registered("uniform", [](std::uint64_t count) {
  return make_uniform_keys({.count = count});
});

}  // namespace

TEST_CASE("uniform: every key is as likely as any other", "[workload][uniform]") {
  const auto keys = make_uniform_keys({.count = 100});
  Rng rng(5);
  std::vector<double> seen(101);
  for (int i = 0; i < 200000; ++i) ++seen[keys->next(rng)];
  double chi_square = 0;
  for (std::size_t key = 1; key <= 100; ++key) chi_square += (seen[key] - 2000) * (seen[key] - 2000) / 2000;
  REQUIRE(chi_square < 149);  // p = 0.001 at 99 degrees of freedom
}

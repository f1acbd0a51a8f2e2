#include "core/workload/sequential.hpp"

#include <catch2/catch.hpp>

#include "tests/workload/registry.hpp"

using namespace syslab;

namespace {

const test::RegisteredKeys registered("sequential", [](std::uint64_t count) {
  return make_sequential_keys({.count = count});
});

}  // namespace

TEST_CASE("sequential: walks round and round", "[workload][sequential]") {
  const auto trace = make_generated_trace(*make_sequential_keys({.count = 3}), 7, 0);
  RequestBatch batch;
  REQUIRE(*trace->read(batch) == 7);
  REQUIRE(batch.ids == std::vector<std::uint64_t>{1, 2, 3, 1, 2, 3, 1});
  REQUIRE(*trace->read(batch) == 0);
}

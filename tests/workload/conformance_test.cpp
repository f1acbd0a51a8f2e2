// The same body for every key stream: what must hold whatever the law is.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "tests/workload/registry.hpp"

using namespace syslab;
using syslab::test::RegisteredKeys;

namespace {

std::vector<std::uint64_t> all_ids(RequestTrace& trace) {
  std::vector<std::uint64_t> ids;
  RequestBatch batch;
  while (*trace.read(batch) > 0) ids.insert(ids.end(), batch.ids.begin(), batch.ids.end());
  return ids;
}

}  // namespace

TEST_CASE("key stream conformance: keys are 1 to count, and a fresh stream starts anew",
          "[workload][conformance]") {
  REQUIRE_FALSE(RegisteredKeys::all().empty());
  for (const RegisteredKeys* registered : RegisteredKeys::all()) {
    for (const std::uint64_t count : {1u, 7u, 16u}) {
      DYNAMIC_SECTION(registered->name << " of " << count) {
        const auto stream = registered->make(count);
        REQUIRE(stream->count() == count);
        Rng a(1), b(1);
        const auto fresh = stream->fresh();
        REQUIRE(fresh->describe() == stream->describe());
        std::set<std::uint64_t> seen;
        for (int i = 0; i < 3000; ++i) {
          const std::uint64_t key = stream->next(a);
          seen.insert(key);
          REQUIRE(key == fresh->next(b));
        }
        REQUIRE(*seen.begin() == 1);
        REQUIRE(*seen.rbegin() == count);
        REQUIRE(seen.size() == count);
      }
    }
  }
}

TEST_CASE("key stream conformance: a generated trace has its length and repeats after a rewind",
          "[workload][conformance]") {
  for (const RegisteredKeys* registered : RegisteredKeys::all()) {
    DYNAMIC_SECTION(registered->name) {
      const auto keys = registered->make(1000);
      const auto trace = make_generated_trace(*keys, 10000, 7);
      const auto first = all_ids(*trace);
      REQUIRE(first.size() == 10000);
      trace->rewind();
      REQUIRE(all_ids(*trace) == first);
      const auto empty = make_generated_trace(*keys, 0, 7);
      REQUIRE(all_ids(*empty).empty());
    }
  }
}

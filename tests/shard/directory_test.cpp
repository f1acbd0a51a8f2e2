#include "core/shard/directory.hpp"

#include <catch2/catch.hpp>

#include "tests/shard/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

const RegisteredRouter directory("directory",
                                 [] { return with_shards(std::make_unique<DirectoryRouter>()); });
const RegisteredRouter vertical("vertical", [] {
  auto router = std::make_unique<DirectoryRouter>(true);
  REQUIRE(router->reset({{"a", 1}, {"b", 1}, {"c", 1}}) == "");
  for (std::uint64_t n = 0; n < 20000; ++n) router->assign(static_cast<double>(n), n % 3);
  return std::unique_ptr<Router>(std::move(router));
});

}  // namespace

TEST_CASE("directory: new keys go to the shard with the fewest for its weight", "[shard][directory]") {
  DirectoryRouter r;
  REQUIRE(r.reset({{"big", 3}, {"small", 1}}) == "");
  int big = 0;
  for (int i = 0; i < 400; ++i) big += r.take(i) == 0;
  REQUIRE(big == 300);
  REQUIRE(r.add({"new", 1}) == "");
  for (int i = 400; i < 500; ++i) REQUIRE(r.take(i) == r.index_of("new"));
  r.check_invariants();
}

TEST_CASE("directory: the last shard cannot leave while it has keys, and keys of one that leaves spread",
          "[shard][directory]") {
  DirectoryRouter r;
  REQUIRE(r.reset({{"a", 1}, {"b", 1}, {"c", 1}}) == "");
  for (int i = 0; i < 300; ++i) r.take(i);
  REQUIRE(r.remove("b") == "");
  r.check_invariants();
  int a = 0;
  for (int i = 0; i < 300; ++i) a += r.route(i) == 0;
  REQUIRE(a == 150);
  REQUIRE(r.remove("a") == "");
  REQUIRE(r.remove("c") == "'c' is the last shard, and has keys");
  for (int i = 0; i < 300; ++i) REQUIRE(r.forget(i));
  REQUIRE_FALSE(r.forget(1));
  REQUIRE(r.remove("c") == "");
}

TEST_CASE("vertical: a column that is not listed is no key", "[shard][vertical]") {
  DirectoryRouter r(true);
  REQUIRE(r.reset({{"blobs", 1}, {"users", 1}}) == "");
  r.assign("photo", 0);
  r.assign("name", 1);
  REQUIRE(r.refusal_of_key("age") == "\"age\" is not listed");
  const std::vector<Value> both = {"photo", "name"};
  REQUIRE(r.touched_by(both).size() == 2);
}

#include "core/store/btree.hpp"

#include <catch2/catch.hpp>

#include "tests/store/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

const RegisterEngine registered("btree",
                                make_btree({.page_bytes = 320, .pool_pages = 3, .checkpoint_bytes = 500}));
const RegisterEngine large_pool(
    "btree in memory", make_btree({.page_bytes = 320, .pool_pages = 1000, .checkpoint_bytes = 2000}));

}  // namespace

namespace {

std::string key_of(std::uint64_t id) {
  const std::string digits = std::to_string(id);
  return "key" + std::string(9 - digits.size(), '0') + digits;
}

StoreConfig config_of(const BtreeOptions& options) {
  StoreConfig config;
  config.make_engine = make_btree(options);
  config.wal.sync = SyncPolicy::never;
  return config;
}

double fill(TestStore& t) {
  const EngineStats stats = t.store.engine().stats();
  return static_cast<double>(t.store.engine().live_bytes()) /
         static_cast<double>((stats.pages - stats.free_pages) * 4096);
}

}  // namespace

TEST_CASE("btree: random keys fill pages to ln 2, keys in their order fill them", "[store][btree][golden]") {
  // Yao, "On random 2-3 trees", 1978: 0.693. An entry of 100 bytes takes 108 of a page.
  const BtreeOptions options{.page_bytes = 4096, .pool_pages = 4000, .checkpoint_bytes = 0};
  TestStore random(config_of(options)), ordered(config_of(options));
  Rng rng(1);
  std::vector<std::uint64_t> keys(60000);
  for (std::size_t i = 0; i < keys.size(); ++i) std::swap(keys[i] = i, keys[rng.below(i + 1)]);
  for (const std::uint64_t id : keys) random.put(key_of(id), std::string(88, 'v'));
  for (std::uint64_t id = 0; id < keys.size(); ++id) ordered.put(key_of(id), std::string(88, 'v'));
  CHECK(fill(random) == Approx(0.693 * 100 / 108).epsilon(0.03));
  CHECK(fill(ordered) > 0.88);
  CHECK(random.store.engine().stats().height == 3);
  random.store.check_invariants();
}

TEST_CASE("btree: with a small pool every random change costs a page written", "[store][btree][golden]") {
  const BtreeOptions options{.page_bytes = 4096, .pool_pages = 32, .checkpoint_bytes = 0};
  TestStore t(config_of(options));
  for (std::uint64_t id = 0; id < 40000; ++id) t.put(key_of(id), std::string(88, 'v'));
  const StoreStats before = t.store.stats();
  Rng rng(2);
  for (int i = 0; i < 5000; ++i) t.put(key_of(rng.below(40000)), std::string(88, 'w'));
  const StoreStats stats = t.store.stats();
  const auto evicted =
      static_cast<double>(stats.io.written[static_cast<std::size_t>(Purpose::eviction)].blocks -
                          before.io.written[static_cast<std::size_t>(Purpose::eviction)].blocks);
  // Some 1100 leaves and 32 frames, of which a few are inner pages: the leaf is there already once in 40.
  CHECK(evicted / 5000 == Approx(0.975).margin(0.02));
  // 4096 bytes of page and some of log for 100 bytes of user: about 42.
  CHECK(t.store.amplification(before).write == Approx(41.4).margin(1.2));
}

TEST_CASE("btree: what is deleted is merged away, down to one page", "[store][btree]") {
  const BtreeOptions options{.page_bytes = 512, .pool_pages = 10, .checkpoint_bytes = 0};
  TestStore t(config_of(options));
  for (std::uint64_t id = 0; id < 2000; ++id) t.put(key_of(id * 7 % 2000), "value");
  CHECK(t.store.engine().stats().height >= 3);
  for (std::uint64_t id = 0; id < 2000; ++id) {
    t.remove(key_of(id * 13 % 2000));
    if (id % 50 == 0) t.store.check_invariants();
  }
  const EngineStats stats = t.store.engine().stats();
  CHECK(stats.height == 1);
  CHECK(stats.merges > 50);
  CHECK(stats.pages - stats.free_pages == 1);
  CHECK(t.store.engine().live_bytes() == 0);
}

TEST_CASE("btree: a place is used again when no checkpoint and no snapshot sees what was there",
          "[store][btree]") {
  const BtreeOptions options{.page_bytes = 512, .pool_pages = 10, .checkpoint_bytes = 0};
  TestStore t(config_of(options));
  const auto rewrite = [&](int round) {
    for (std::uint64_t id = 0; id < 500; ++id) t.put(key_of(id), std::to_string(round));
    t.store.flush();
    t.store.check_invariants();
  };
  for (int round = 0; round < 3; ++round) rewrite(round);
  const std::uint64_t steady = t.store.engine().stats().pages;
  for (int round = 3; round < 10; ++round) rewrite(round);
  CHECK(t.store.engine().stats().pages == steady);
  const Snapshot old = t.store.snapshot();
  rewrite(10);
  rewrite(11);
  CHECK(t.store.engine().stats().pages > steady);
  CHECK(t.get(key_of(3), old) == "9");
  t.store.release(old);
  t.store.check_invariants();
  const std::uint64_t most = t.store.engine().stats().pages;
  for (int round = 12; round < 16; ++round) rewrite(round);
  CHECK(t.store.engine().stats().pages == most);
}

TEST_CASE("btree: what is larger than an eighth of a page is refused, and nothing has happened",
          "[store][btree]") {
  TestStore t(config_of({.page_bytes = 512, .pool_pages = 10, .checkpoint_bytes = 0}));
  const std::string large(100, 'v');
  const Change changes[] = {{"a", "small"}, {"b", large}};
  const auto done = t.store.write(changes);
  CHECK(done.error().code == "out_of_memory");
  CHECK(done.error().message == "a key and its value may take 53 bytes in pages of 512");
  CHECK(t.get("a") == "-");
  t.crash(t.medium->pending());
  CHECK(t.get("a") == "-");
}

TEST_CASE("btree: a damaged page fails who needs it and nobody else", "[store][btree][damage]") {
  TestStore t(config_of({.page_bytes = 512, .pool_pages = 1, .checkpoint_bytes = 0}));
  for (std::uint64_t id = 0; id < 500; ++id) t.put(key_of(id), "value");
  t.store.flush();
  Rng rng(3);
  REQUIRE(t.medium->damage(FileKind::page, rng));
  int failed = 0;
  for (std::uint64_t id = 0; id < 500; ++id) {
    const std::string key = key_of(id), got = t.get(key);
    const Change change{key, "other"};
    if (got == "io_error") {
      ++failed;
      CHECK(t.store.write({&change, 1}).error().code == "io_error");
    } else {
      REQUIRE(got == "value");
    }
  }
  CHECK(failed > 0);
  CHECK(failed < 100);
  CHECK_FALSE(t.store.broken());
}

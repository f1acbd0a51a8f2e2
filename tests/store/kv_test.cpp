#include "core/store/kv.hpp"

#include <catch2/catch.hpp>

#include "tests/store/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

const RegisterEngine registered("kv", make_kv({.checkpoint_bytes = 300, .block_bytes = 100}));

}  // namespace

TEST_CASE("kv: without a log a crash takes all that was written since the last flush", "[store][kv]") {
  StoreConfig config;
  config.make_engine = make_kv({.checkpoint_bytes = 0});
  config.log = false;
  TestStore t(config);
  t.put("a", "1");
  t.store.flush();
  t.put("b", "2");
  CHECK(t.store.stats().io.of_writes(Purpose::log).blocks == 0);
  t.crash();
  CHECK(t.get("a") == "1");
  CHECK(t.get("b") == "-");
}

TEST_CASE("kv: a copy writes all that is there, and then the log is short", "[store][kv]") {
  StoreConfig config;
  config.make_engine = make_kv({.checkpoint_bytes = 0});
  config.wal.segment_bytes = 1000;
  TestStore t(config);
  for (int i = 100; i < 200; ++i) t.put("key" + std::to_string(i), std::string(94, 'x'));
  CHECK(t.store.stats().log_segments > 10);
  t.store.flush();
  StoreStats stats = t.store.stats();
  CHECK(stats.log_segments == 1);
  CHECK(stats.engine.checkpoints == 1);
  // 100 entries of 100 bytes and two lengths of 4, in blocks that are full at 4096: 38 entries, and a
  // checksum each.
  CHECK(stats.io.of_writes(Purpose::checkpoint).blocks == 3);
  CHECK(stats.io.of_writes(Purpose::checkpoint).bytes == 100 * 108 + 3 * 8);
  t.crash();
  CHECK(t.store.stats().recovered < 12);
  CHECK(t.get("key150") == std::string(94, 'x'));
}

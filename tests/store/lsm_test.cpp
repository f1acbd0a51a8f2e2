#include "core/store/lsm.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "tests/store/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

LsmOptions tiny(Compaction compaction) {
  LsmOptions options;
  options.compaction = compaction;
  options.memtable_bytes = 600;
  options.format.block_bytes = 200;
  options.table_bytes = 500;
  options.level0_runs = 2;
  options.level1_bytes = 1000;
  options.fanout = 3;
  return options;
}
LsmOptions cached(LsmOptions options) {
  options.cache_bytes = 600;
  return options;
}

const RegisterEngine levelled("lsm levelled", make_lsm(tiny(Compaction::levelled)));
const RegisterEngine tiered("lsm tiered", make_lsm(tiny(Compaction::tiered)));
const RegisterEngine with_cache("lsm cached", make_lsm(cached(tiny(Compaction::levelled))));

}  // namespace

namespace {

std::string key_of(std::uint64_t id) {
  const std::string digits = std::to_string(id);
  return "key" + std::string(9 - digits.size(), '0') + digits;
}

StoreConfig config_of(const LsmOptions& options) {
  StoreConfig config;
  config.make_engine = make_lsm(options);
  config.wal.sync = SyncPolicy::never;
  return config;
}

std::uint64_t bytes(const StoreStats& stats, Purpose why) {
  return stats.io.written[static_cast<std::size_t>(why)].bytes;
}

// What a levelled tree moves, on numbers instead of bytes and files: the same rules, written without looking
// at the engine. A table is a sorted list of keys.
struct LevelModel {
  using Table = std::vector<std::uint64_t>;
  std::size_t table_size, level1, level0_runs, fanout;
  std::vector<Table> level0;
  std::vector<std::vector<Table>> levels = std::vector<std::vector<Table>>(10);  // from level 1 on
  std::vector<std::uint64_t> cursor = std::vector<std::uint64_t>(10);
  std::uint64_t flushed = 0, compacted = 0;

  void merge_into(std::size_t level, std::vector<Table> upper) {
    std::set<std::uint64_t> keys;
    std::uint64_t low = ~0ull, high = 0;
    for (const Table& t : upper) low = std::min(low, t.front()), high = std::max(high, t.back());
    std::vector<Table> stay;
    bool overlap = false;
    for (Table& t : levels[level]) {
      if (t.back() < low || t.front() > high) {
        stay.push_back(std::move(t));
      } else {
        overlap = true;
        upper.push_back(std::move(t));
      }
    }
    for (const Table& t : upper) keys.insert(t.begin(), t.end());
    if (!overlap && upper.size() == 1) {
      stay.push_back(upper.front());
    } else {
      compacted += keys.size();
      Table out;
      for (const std::uint64_t key : keys) {
        out.push_back(key);
        if (out.size() == table_size) stay.push_back(std::exchange(out, {}));
      }
      if (!out.empty()) stay.push_back(out);
    }
    std::sort(stay.begin(), stay.end());
    levels[level] = std::move(stay);
  }
  void flush(Table table) {
    flushed += table.size();
    level0.push_back(std::move(table));
    if (level0.size() < level0_runs) return;
    merge_into(0, std::exchange(level0, {}));
    double target = static_cast<double>(level1);
    for (std::size_t l = 0; l + 1 < levels.size(); ++l, target *= static_cast<double>(fanout)) {
      const auto size = [&] {
        std::size_t n = 0;
        for (const Table& t : levels[l]) n += t.size();
        return static_cast<double>(n);
      };
      while (size() >= target) {
        auto next = std::find_if(levels[l].begin(), levels[l].end(),
                                 [&](const Table& t) { return t.front() > cursor[l]; });
        if (next == levels[l].end()) next = levels[l].begin();
        Table moved = std::move(*next);
        levels[l].erase(next);
        cursor[l] = moved.front();
        merge_into(l + 1, {std::move(moved)});
      }
    }
  }
};

}  // namespace

TEST_CASE("lsm: a levelled tree moves as much as a model on numbers does", "[store][lsm][golden]") {
  // Entries of 100 bytes and 20 of block: key 12, value 72, head 16. Memtables of 500, tables of 500,
  // fanout 4.
  LsmOptions options;
  options.memtable_bytes = 500 * (12 + 72 + sizeof(LsmEntry));
  options.format = {.block_bytes = 2000, .bits_per_key = 0};
  options.table_bytes = 500 * 104;
  options.level0_runs = 4;
  options.level1_bytes = 2000 * 104;
  options.fanout = 4;
  TestStore t(config_of(options));
  LevelModel model{500, 2000, 4, 4, {}, {}, {}, 0, 0};
  model.levels.resize(10);
  model.cursor.resize(10);
  Rng rng(1);
  std::vector<std::uint64_t> keys(60000);
  for (std::size_t i = 0; i < keys.size(); ++i) std::swap(keys[i] = i, keys[rng.below(i + 1)]);
  for (std::size_t i = 0; i < keys.size(); i += 500) {
    for (std::size_t k = i; k < i + 500; ++k) t.put(key_of(keys[k]), std::string(72, 'v'));
    std::vector<std::uint64_t> table(keys.begin() + static_cast<std::ptrdiff_t>(i),
                                     keys.begin() + static_cast<std::ptrdiff_t>(i) + 500);
    std::sort(table.begin(), table.end());
    model.flush(std::move(table));
  }
  const StoreStats stats = t.store.stats();
  CHECK(stats.engine.flushes == 120);
  CHECK(stats.engine.levels.size() >= 4);
  const double measured = static_cast<double>(bytes(stats, Purpose::compaction)) /
                          static_cast<double>(bytes(stats, Purpose::flush));
  const double expected = static_cast<double>(model.compacted) / static_cast<double>(model.flushed);
  INFO("measured " << measured << ", model " << expected);
  CHECK(measured > 0.93 * expected);
  CHECK(measured < 1.07 * expected);
  CHECK(expected > 4);
}

TEST_CASE("lsm: a tiered tree writes every entry once a tier", "[store][lsm][golden]") {
  // 64 flushes and tiers of 4: 16 + 4 + 1 merges, in each of three of which every entry takes part once.
  LsmOptions options;
  options.compaction = Compaction::tiered;
  options.memtable_bytes = 1 << 30;
  options.fanout = 4;
  options.format.bits_per_key = 0;
  TestStore t(config_of(options));
  std::uint64_t id = 0;
  for (int flush = 0; flush < 64; ++flush) {
    for (int i = 0; i < 200; ++i) t.put(key_of(id++ * 7919 % 12800), std::string(80, 'v'));
    t.store.flush();
  }
  const StoreStats stats = t.store.stats();
  CHECK(stats.engine.compactions == 21);
  REQUIRE(stats.engine.levels.size() == 4);
  CHECK(stats.engine.levels[3].files == 1);
  CHECK(stats.engine.levels[3].entries == 12800);
  const double rewritten = static_cast<double>(bytes(stats, Purpose::compaction)) /
                           static_cast<double>(bytes(stats, Purpose::flush));
  CHECK(rewritten == Approx(3).epsilon(0.02));
}

TEST_CASE("lsm: a tiered tree keeps an old version in every run", "[store][lsm][golden]") {
  // Every flush has all keys. After n of them there are as many runs as the digits of n to the base 4 add up
  // to: 15 is 33, so six; 16 is 100, so one.
  LsmOptions options;
  options.compaction = Compaction::tiered;
  options.memtable_bytes = 1 << 30;
  options.fanout = 4;
  options.format.bits_per_key = 0;
  StoreConfig config = config_of(options);
  config.wal.segment_bytes = 1000;
  TestStore t(config);
  const auto round = [&] {
    for (std::uint64_t i = 0; i < 500; ++i) t.put(key_of(i), std::string(188, 'v'));
    t.store.flush();
  };
  for (int i = 0; i < 15; ++i) round();
  // Heads of entries, offsets, checksums and the index take a ninth more than keys and values do.
  CHECK(t.store.amplification().space == Approx(6 * 1.12).epsilon(0.02));
  round();
  CHECK(t.store.amplification().space == Approx(1.12).epsilon(0.03));
}

TEST_CASE("lsm: Bloom filters spare the reads that theory says", "[store][lsm][golden]") {
  for (const double bits : {0.0, 5.0, 10.0}) {
    LsmOptions options;
    options.compaction = Compaction::none;
    options.memtable_bytes = 1 << 30;
    options.format.bits_per_key = bits;
    TestStore t(config_of(options));
    constexpr int kRuns = 8;
    for (int run = 0; run < kRuns; ++run) {
      for (std::uint64_t i = 0; i < 1000; ++i)
        t.put(key_of(i * kRuns + static_cast<std::uint64_t>(run)), "v");
      t.store.flush();
    }
    for (std::uint64_t i = 0; i < 5000; ++i) REQUIRE(t.get(key_of(i) + "?") == "-");
    const StoreStats stats = t.store.stats();
    const double reads = static_cast<double>(stats.io.of_reads(Purpose::get).blocks) / 5000;
    // Kirsch and Mitzenmacher 2006; core/sketch/bloom.hpp has the formula, tests/sketch its proof.
    const int hashes = bits == 5 ? 3 : 7;
    const double theory =
        bits == 0 ? kRuns
                  : kRuns * bloom_false_positives({static_cast<std::uint64_t>(1000 * bits), hashes}, 1000);
    INFO("bits " << bits << ": " << reads << " blocks a get, theory " << theory);
    CHECK(reads == Approx(theory).epsilon(0.12));
    // But for the keys that are outside of a table's range.
    CHECK(stats.engine.bloom_checks == Approx(bits == 0 ? 0 : 5000 * kRuns).epsilon(0.001));
    CHECK(stats.engine.bloom_false_positives + stats.engine.bloom_refused == stats.engine.bloom_checks);
  }
}

TEST_CASE("lsm: tombstones are gone when there is nothing left below that they hide", "[store][lsm]") {
  for (const Compaction compaction : {Compaction::levelled, Compaction::tiered}) {
    TestStore t(config_of(tiny(compaction)));
    for (std::uint64_t i = 0; i < 500; ++i) t.put(key_of(i), "value");
    for (std::uint64_t i = 0; i < 500; ++i) t.remove(key_of(i));
    const Snapshot before = t.store.snapshot();
    t.store.release(before);
    for (std::uint64_t i = 1000; i < 6000; ++i) t.put(key_of(i % 50 + 1000), "value");
    t.store.flush();
    std::uint64_t entries = 0;
    for (const auto& level : t.store.stats().engine.levels) entries += level.entries;
    CHECK(entries < 500);
    CHECK(t.get(key_of(7)) == "-");
    CHECK(t.get(key_of(1007)) == "value");
    t.store.check_invariants();
  }
}

TEST_CASE("lsm: keys that come in their order are written once more, and then only moved", "[store][lsm]") {
  TestStore t(config_of(tiny(Compaction::levelled)));
  for (std::uint64_t i = 0; i < 3000; ++i) t.put(key_of(i), "value");
  t.store.flush();
  const StoreStats stats = t.store.stats();
  CHECK(stats.engine.levels.size() >= 4);
  CHECK(bytes(stats, Purpose::compaction) < 1.1 * static_cast<double>(bytes(stats, Purpose::flush)));
}

TEST_CASE("lsm: writers slow down and then wait when the work is not done, until it is", "[store][lsm]") {
  LsmOptions options = tiny(Compaction::levelled);
  options.slow_runs = 4;
  options.stall_runs = 6;
  options.memtables = 3;
  StoreConfig config = config_of(options);
  config.inline_work = false;
  TestStore t(config);
  const auto put = [&](std::uint64_t i) {
    const std::string key = key_of(i), value(40, 'v');
    const Change change{key, value};
    return t.store.write({&change, 1});
  };
  std::uint64_t i = 0;
  while (put(i).ok()) ++i;
  CHECK(put(i).error().code == "overloaded");
  CHECK(put(i).error().definite);
  StoreStats stats = t.store.stats();
  CHECK(stats.stalls == 3);
  CHECK(stats.engine.memtables == 4);
  CHECK(stats.engine.debt_bytes > 3 * options.memtable_bytes / 2);
  // Flushes come first, so soon there is room; if compactions never did their share, level 0 would fill.
  while (t.store.pressure() == Pressure::stop) REQUIRE(t.store.work());
  REQUIRE(put(i).ok());
  bool was_slow = false;
  for (int more = 0; more < 3000; ++more) {
    while (!put(++i).ok()) {
      REQUIRE(t.store.work());
      was_slow = was_slow || t.store.pressure() == Pressure::slow;
    }
  }
  CHECK(was_slow);
  while (t.store.work()) {
  }
  CHECK(t.store.pressure() == Pressure::none);
  CHECK(t.store.stats().engine.debt_bytes == 0);
}

TEST_CASE("lsm: the cache spares reads of what was read before", "[store][lsm]") {
  LsmOptions options = tiny(Compaction::levelled);
  options.cache_bytes = 100 * options.format.block_bytes;
  TestStore t(config_of(options));
  for (std::uint64_t i = 0; i < 200; ++i) t.put(key_of(i), "value");
  t.store.flush();
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t i = 0; i < 200; ++i) REQUIRE(t.get(key_of(i)) == "value");
  }
  const StoreStats stats = t.store.stats();
  CHECK(stats.io.of_reads(Purpose::get).blocks == stats.engine.cache_misses);
  CHECK(stats.engine.cache_misses < 60);
  CHECK(stats.engine.cache_hits + stats.engine.cache_misses >= 400);
}

TEST_CASE("lsm: a damaged block of a newer table is an error, and not the older value",
          "[store][lsm][damage]") {
  LsmOptions options;
  options.compaction = Compaction::none;
  TestStore t(config_of(options));
  t.put("a", "old");
  t.store.flush();
  t.put("a", "new");
  t.store.flush();
  Rng rng(1);
  t.medium->damage({FileKind::table, 1}, 0, rng);
  CHECK(t.get("a") == "io_error");
}

// The same body for every storage engine: against an ordered map, through crashes at every point, on damaged
// blocks.
#include <catch2/catch.hpp>
#include <map>

#include "core/base/rng.hpp"
#include "tests/store/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

using Oracle = std::map<std::string, std::string>;

struct Batch {
  std::vector<std::pair<std::string, std::optional<std::string>>> changes;
};

Batch random_batch(Rng& rng, std::uint64_t keys) {
  Batch batch;
  const std::uint64_t size = rng.chance(0.8) ? 1 : 1 + rng.below(5);
  for (std::uint64_t i = 0; i < size; ++i) {
    std::string key = "key" + std::to_string(rng.below(keys));
    if (rng.chance(0.3)) {
      batch.changes.emplace_back(std::move(key), std::nullopt);
    } else {
      batch.changes.emplace_back(std::move(key), std::to_string(rng.next()).substr(0, rng.below(20)));
    }
  }
  return batch;
}

void play(Oracle& oracle, const Batch& batch) {
  for (const auto& [key, value] : batch.changes) {
    if (value) {
      oracle[key] = *value;
    } else {
      oracle.erase(key);
    }
  }
}

Expected<Lsn> write(Store& store, const Batch& batch) {
  std::vector<Change> changes;
  for (const auto& [key, value] : batch.changes) {
    changes.push_back({key, value ? std::optional<std::string_view>(*value) : std::nullopt});
  }
  return store.write(changes);
}

Oracle contents(Store& store, Snapshot at = kLatest, std::string_view from = {}, std::string_view to = {}) {
  Oracle found;
  std::string last;
  const auto error = store.scan(from, to, at, [&](std::string_view key, std::string_view value) {
    REQUIRE((found.empty() || last < key));
    last = key;
    found.emplace(key, value);
    return true;
  });
  REQUIRE_FALSE(error);
  return found;
}

Oracle between(const Oracle& all, const std::string& from, const std::string& to) {
  return {all.lower_bound(from), to.empty() ? all.end() : all.lower_bound(std::max(from, to))};
}

StoreConfig config_of(const RegisteredEngine& engine, bool inline_work = true,
                      SyncPolicy sync = SyncPolicy::always) {
  StoreConfig config;
  config.make_engine = engine.make;
  config.inline_work = inline_work;
  config.wal.sync = sync;
  config.wal.segment_bytes = 400;
  return config;
}

// Writes a batch; with work in slices it does some of it now and then, and what it must where writers wait.
Expected<Lsn> write_and_work(Store& store, const Batch& batch, Rng& rng) {
  Expected<Lsn> done = write(store, batch);
  if (store.config().inline_work) return done;
  while (!done.ok() && done.error().code == "overloaded" && store.work()) done = write(store, batch);
  for (std::uint64_t slices = rng.below(4); slices > 0 && store.work(); --slices) {
  }
  return done;
}

void check_all(TestStore& t, const Oracle& oracle, std::uint64_t keys) {
  REQUIRE(contents(t.store) == oracle);
  for (std::uint64_t i = 0; i < keys; ++i) {
    const std::string key = "key" + std::to_string(i);
    const auto found = oracle.find(key);
    REQUIRE(t.get(key) == (found == oracle.end() ? "-" : found->second));
  }
}

}  // namespace

TEST_CASE("store conformance: what is read is what an ordered map says, now and at every snapshot",
          "[store][conformance]") {
  REQUIRE(RegisteredEngine::all().size() >= 5);
  for (const RegisteredEngine& engine : RegisteredEngine::all()) {
    for (const bool inline_work : {true, false}) {
      DYNAMIC_SECTION(engine.name << (inline_work ? ", work at once" : ", work in slices")) {
        TestStore t(config_of(engine, inline_work, SyncPolicy::never));
        Rng rng(inline_work ? 1 : 2);
        Oracle oracle;
        std::vector<std::pair<Snapshot, Oracle>> snapshots;
        constexpr std::uint64_t kKeys = 200;
        for (int step = 0; step < 3000; ++step) {
          const Batch batch = random_batch(rng, step / 500 % 2 == 0 ? kKeys : kKeys / 8);
          const auto done = write(t.store, batch);
          if (done.ok()) {
            play(oracle, batch);
          } else {
            REQUIRE(done.error().code == "overloaded");
            while (t.store.work()) {
            }
          }
          if (!inline_work && rng.chance(0.5)) t.store.work();
          if (rng.chance(0.01)) snapshots.emplace_back(t.store.snapshot(), oracle);
          if (rng.chance(0.01) && !snapshots.empty()) {
            const auto which = snapshots.begin() + static_cast<std::ptrdiff_t>(rng.below(snapshots.size()));
            t.store.release(which->first);
            snapshots.erase(which);
          }
          if (rng.chance(0.003)) t.store.flush();
          if (step % 20 == 0) {
            t.store.check_invariants();
            const std::string from = "key" + std::to_string(rng.below(kKeys));
            const std::string to = rng.chance(0.2) ? "" : "key" + std::to_string(rng.below(kKeys));
            if (to.empty() || from < to)
              REQUIRE(contents(t.store, kLatest, from, to) == between(oracle, from, to));
            for (const auto& [at, old] : snapshots) {
              const std::string key = "key" + std::to_string(rng.below(kKeys));
              const auto found = old.find(key);
              REQUIRE(t.get(key, at) == (found == old.end() ? "-" : found->second));
            }
          }
          if (step % 300 == 0) {
            check_all(t, oracle, kKeys);
            for (const auto& [at, old] : snapshots) REQUIRE(contents(t.store, at) == old);
          }
        }
        std::uint64_t live = 0;
        for (const auto& [key, value] : oracle) live += key.size() + value.size();
        REQUIRE(t.store.engine().live_bytes() == live);
        for (const auto& [at, old] : snapshots) t.store.release(at);
        while (t.store.work()) {
        }
        t.store.check_invariants();
        check_all(t, oracle, kKeys);
      }
    }
  }
}

TEST_CASE("store conformance: a scan stops when it is told to", "[store][conformance]") {
  for (const RegisteredEngine& engine : RegisteredEngine::all()) {
    DYNAMIC_SECTION(engine.name) {
      TestStore t(config_of(engine));
      for (int i = 100; i < 200; ++i) t.put("k" + std::to_string(i), "v");
      int seen = 0;
      REQUIRE_FALSE(t.store.scan("k150", {}, kLatest, [&](auto, auto) { return ++seen < 7; }));
      CHECK(seen == 7);
    }
  }
}

// The state after a crash is that after some number of the batches: at least those that were synced, and of
// no batch a part. At every operation of the medium the power fails; of what was not synced nothing, all, or
// some is left, with and without half of the next operation. Then it goes on, and fails once more.
TEST_CASE("store conformance: a crash at any point leaves every synced batch, and no half of one",
          "[store][conformance][crash]") {
  constexpr int kBatches = 150;
  constexpr std::uint64_t kKeys = 40;
  for (const RegisteredEngine& engine : RegisteredEngine::all()) {
    for (const auto& [policy, inline_work] :
         {std::pair(SyncPolicy::always, true), std::pair(SyncPolicy::never, true),
          std::pair(SyncPolicy::always, false), std::pair(SyncPolicy::never, false)}) {
      const StoreConfig config = config_of(engine, inline_work, policy);
      DYNAMIC_SECTION(engine.name << (policy == SyncPolicy::always ? ", sync always" : ", sync never")
                                  << (inline_work ? "" : ", work in slices")) {
        std::vector<Batch> batches;
        std::vector<Oracle> after(1);
        Rng source(7);
        for (int i = 0; i < kBatches; ++i) {
          batches.push_back(random_batch(source, kKeys));
          after.push_back(after.back());
          play(after.back(), batches.back());
        }
        TestStore dry(config);
        for (const Batch& batch : batches) REQUIRE(write_and_work(dry.store, batch, source).ok());
        const Medium::Ticket operations = dry.medium->issued();
        REQUIRE(operations > kBatches);
        std::uint64_t torn_logs = 0;

        const Medium::Ticket stride = policy == SyncPolicy::always ? 1 : 2;
        for (Medium::Ticket at = 1; at <= operations; at += stride) {
          Rng rng(at);
          TestStore t(config);
          t.medium->lose_power_at(at);
          Lsn promised = 0;
          for (const Batch& batch : batches) {
            // Without power it may miss what it wrote, but not before.
            if (!write_and_work(t.store, batch, rng).ok()) REQUIRE(t.medium->issued() >= at);
            promised = t.store.synced();
            if (t.medium->issued() >= at) break;
          }
          const std::size_t pending = t.medium->pending();
          const std::size_t kept = rng.chance(0.3) ? 0 : rng.chance(0.3) ? pending : rng.below(pending + 1);
          t.crash(kept, rng.chance(0.5));
          INFO("power lost at operation " << at << ", " << kept << " of " << pending << " kept");
          if (const auto& error = t.store.broken()) FAIL(error->message);
          const Lsn there = t.store.applied();
          REQUIRE(there >= promised);
          REQUIRE(there <= batches.size());
          torn_logs += t.store.stats().torn ? 1 : 0;
          t.store.check_invariants();
          REQUIRE(contents(t.store) == after[there]);

          // It goes on from there as if nothing had been, and a second crash takes nothing that was synced.
          const std::size_t more = std::min<std::size_t>(batches.size(), there + 20);
          for (std::size_t i = there; i < more; ++i) REQUIRE(write_and_work(t.store, batches[i], rng).ok());
          t.store.sync();
          t.crash(0, rng.chance(0.5));
          if (const auto& error = t.store.broken()) FAIL(error->message);
          REQUIRE(t.store.applied() == more);
          REQUIRE(contents(t.store) == after[more]);
          t.store.check_invariants();
        }
        CHECK(torn_logs > 0);
      }
    }
  }
}

TEST_CASE("store conformance: a flipped bit is an error or changes nothing, never another value",
          "[store][conformance][damage]") {
  for (const RegisteredEngine& engine : RegisteredEngine::all()) {
    DYNAMIC_SECTION(engine.name) {
      int noticed = 0;
      for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        Rng rng(seed);
        TestStore t(config_of(engine));
        Oracle oracle;
        for (int i = 0; i < 200; ++i) {
          const Batch batch = random_batch(rng, 60);
          REQUIRE(write(t.store, batch).ok());
          play(oracle, batch);
        }
        const FileKind kinds[] = {FileKind::log, FileKind::meta, FileKind::table, FileKind::page,
                                  FileKind::snapshot};
        if (!t.medium->damage(kinds[seed % 5], rng)) continue;
        const bool reopened = rng.chance(0.7);
        if (reopened) t.crash();
        bool failed = t.store.broken().has_value();
        for (int i = 0; i < 60; ++i) {
          const std::string key = "key" + std::to_string(i);
          const auto found = oracle.find(key);
          const std::string got = t.get(key);
          if (got == "io_error") {
            failed = true;
          } else {
            REQUIRE(got == (found == oracle.end() ? "-" : found->second));
          }
        }
        Oracle scanned;
        const auto error = t.store.scan({}, {}, kLatest, [&](std::string_view key, std::string_view value) {
          REQUIRE(oracle.at(std::string(key)) == value);
          scanned.emplace(key, value);
          return true;
        });
        if (!error) REQUIRE(scanned == oracle);
        noticed += failed || error ? 1 : 0;
      }
      CHECK(noticed > 10);
    }
  }
}

TEST_CASE(
    "store conformance: a medium that fails breaks the store until it is opened again; what was synced is "
    "there",
    "[store][conformance][damage]") {
  for (const RegisteredEngine& engine : RegisteredEngine::all()) {
    DYNAMIC_SECTION(engine.name) {
      for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        Rng rng(seed);
        TestStore t(config_of(engine, true, rng.chance(0.5) ? SyncPolicy::always : SyncPolicy::never));
        std::vector<Oracle> after(1);
        const std::uint64_t good = rng.below(100);
        for (std::uint64_t i = 0; i < good; ++i) {
          const Batch batch = random_batch(rng, 40);
          REQUIRE(write(t.store, batch).ok());
          after.push_back(after.back());
          play(after.back(), batch);
        }
        const Lsn promised = t.store.synced();
        t.medium->fail_writes(make_error("disk_full", "no space left"));
        REQUIRE(write(t.store, random_batch(rng, 40)).error().code == "disk_full");
        CHECK(t.get("key1") == "disk_full");
        CHECK_FALSE(t.store.work());
        t.medium->fail_writes(std::nullopt);
        t.medium->forget_failure();
        t.store.reopen();
        REQUIRE_FALSE(t.store.broken());
        const Lsn there = t.store.applied();
        REQUIRE(there >= promised);
        REQUIRE(there <= good);
        REQUIRE(contents(t.store) == after[there]);
        REQUIRE(write(t.store, random_batch(rng, 40)).ok());
        t.store.check_invariants();
      }
    }
  }
}

TEST_CASE("store conformance: the same writes move the same bytes", "[store][conformance]") {
  for (const RegisteredEngine& engine : RegisteredEngine::all()) {
    DYNAMIC_SECTION(engine.name) {
      const auto run = [&] {
        TestStore t(config_of(engine));
        Rng rng(3);
        for (int i = 0; i < 1000; ++i) REQUIRE(write(t.store, random_batch(rng, 100)).ok());
        for (int i = 0; i < 300; ++i) t.get("key" + std::to_string(i));
        std::vector<std::uint64_t> numbers;
        const StoreStats stats = t.store.stats();
        for (std::size_t i = 0; i < kPurposes; ++i) {
          numbers.insert(numbers.end(), {stats.io.written[i].blocks, stats.io.written[i].bytes,
                                         stats.io.read[i].blocks, stats.io.read[i].bytes});
        }
        numbers.insert(numbers.end(), {stats.io.syncs, stats.engine.size_bytes, stats.user_bytes});
        return numbers;
      };
      REQUIRE(run() == run());
    }
  }
}

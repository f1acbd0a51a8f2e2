#include "core/store/wal.hpp"

#include <catch2/catch.hpp>

#include "core/store/memory_medium.hpp"

using namespace syslab;

namespace {

constexpr Instant at(int milliseconds) {
  return Instant(std::chrono::milliseconds(milliseconds));
}

struct Setup {
  MemoryMedium medium;
  std::optional<Wal> wal;
  WalOptions options;
  std::vector<std::pair<Lsn, std::string>> replayed;
  std::optional<Error> error;
  bool torn = false;

  explicit Setup(WalOptions o = {}) : options(o) { open(); }
  void open(Lsn from = 0, Lsn promised = Wal::kAll) {
    wal.emplace(medium, FileKind::log, Purpose::log, options);
    replayed.clear();
    error.reset();
    const auto recovery = wal->recover(
        from,
        [&](Lsn lsn, std::string_view payload) {
          replayed.emplace_back(lsn, payload);
          return std::nullopt;
        },
        promised);
    if (!recovery.ok()) {
      error = recovery.error();
    } else {
      torn = recovery->torn;
      wal->check_invariants();
    }
  }
  void append(int count) {
    for (int i = 0; i < count; ++i) wal->append("record " + std::to_string(wal->appended() + 1));
  }
};

}  // namespace

TEST_CASE("wal: what was synced is replayed, in order; what was not is lost", "[store][wal]") {
  Setup s;
  s.append(3);
  s.wal->sync();
  s.append(2);
  CHECK(s.wal->synced() == 3);
  CHECK(s.wal->appended() == 5);
  s.medium.crash(0, false);
  s.open();
  REQUIRE(s.replayed.size() == 3);
  CHECK(s.replayed[2] == std::pair<Lsn, std::string>(3, "record 3"));
  CHECK_FALSE(s.torn);
  CHECK(s.wal->append("record 4") == 4);
}

TEST_CASE("wal: recovery ends at a torn record, and the log goes on after it", "[store][wal]") {
  Setup s;
  s.append(3);
  s.wal->sync();
  s.append(2);
  s.medium.crash(1, true);  // the fourth is whole, the fifth is half there
  s.open();
  CHECK(s.torn);
  CHECK(s.replayed.size() == 4);
  for (int round = 0; round < 3; ++round) {
    s.append(2);
    s.wal->sync();
    s.append(1);
    s.medium.crash(0, true);
    s.open();
    REQUIRE_FALSE(s.error);
    CHECK(s.torn);
    CHECK(s.replayed.size() == 4u + 2u * static_cast<unsigned>(round + 1));
  }
}

TEST_CASE("wal: a record that was whole and is not any more is an error, the last one, too",
          "[store][wal][damage]") {
  for (std::size_t index = 0; index <= 5; ++index) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      Setup s;
      s.append(5);
      s.wal->sync();
      Rng rng(seed);
      s.medium.damage({FileKind::log, 0}, index, rng);
      s.open();
      INFO("record " << index << ", seed " << seed);
      REQUIRE(s.error);
      CHECK(s.error->code == "io_error");
    }
  }
}

TEST_CASE("wal: who knows what was promised ends the log where it is not right any more",
          "[store][wal][damage]") {
  Setup s({.segment_bytes = 200});
  s.append(20);
  s.wal->sync();
  const std::size_t segments = s.wal->segments();
  CHECK(segments > 2);
  Rng rng(1);
  s.medium.damage({FileKind::log, 1}, 2, rng);
  s.open(0, 20);
  CHECK(s.error);
  s.open(0, 3);
  REQUIRE_FALSE(s.error);
  const std::size_t left = s.replayed.size();
  CHECK(left >= 3);
  CHECK(left < 20);
  // The next one need not be told: a segment goes on from where the log ended.
  s.medium.sync();
  s.open();
  REQUIRE_FALSE(s.error);
  CHECK(s.replayed.size() == left);
  s.append(1);
  CHECK(s.wal->appended() == left + 1);
}

TEST_CASE("wal: a missing segment is an error", "[store][wal][damage]") {
  Setup s({.segment_bytes = 200});  // six records of 32 bytes and its own
  s.append(20);
  s.wal->sync();
  s.medium.remove({FileKind::log, 1});
  s.open();
  REQUIRE(s.error);
  CHECK(s.error->message == "record 7 of the log is missing");
  s.medium.remove({FileKind::log, 0});
  s.open();
  CHECK(s.error->message == "record 1 of the log is missing");
}

TEST_CASE("wal: segments that are needed no more are deleted, and their names are used again",
          "[store][wal]") {
  Setup s({.segment_bytes = 100});
  for (int i = 0; i < 2000; ++i) {
    s.append(1);
    s.wal->sync();
    s.wal->release(s.wal->appended() - std::min<Lsn>(s.wal->appended(), 10));
    CHECK(s.wal->segments() < 14);
  }
  s.wal->check_invariants();
  s.medium.sync();
  s.medium.crash(0, false);
  s.open(1990);
  REQUIRE_FALSE(s.error);
  CHECK(s.replayed.size() == 10);
  CHECK(s.replayed.front().first == 1991);
}

TEST_CASE("wal: with all names in use the last segment grows", "[store][wal]") {
  Setup s({.segment_bytes = 30});
  s.append(600);
  s.wal->sync();
  CHECK(s.wal->segments() == Wal::kSlots);
  s.open();
  CHECK(s.replayed.size() == 600);
}

TEST_CASE("wal: a sync comes at once, after the interval, or never", "[store][wal]") {
  Setup always, interval({.sync = SyncPolicy::interval, .interval = std::chrono::milliseconds(100)}),
      never({.sync = SyncPolicy::never});
  for (Setup* s : {&always, &interval, &never}) {
    CHECK_FALSE(s->wal->wants_sync(at(10)));
    s->wal->append("a", at(10));
    s->wal->append("b", at(50));
  }
  CHECK(always.wal->wants_sync(at(10)));
  CHECK_FALSE(interval.wal->wants_sync(at(109)));
  CHECK(interval.wal->wants_sync(at(110)));
  CHECK_FALSE(never.wal->wants_sync(at(100000)));
  interval.wal->sync();
  CHECK_FALSE(interval.wal->wants_sync(at(1000)));
  CHECK(interval.wal->synced() == 2);
  interval.wal->append("c", at(200));
  CHECK_FALSE(interval.wal->wants_sync(at(299)));
  CHECK(interval.wal->wants_sync(at(300)));
}

#include "core/sim/disk.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/disk_corrupt.hpp"
#include "core/sim/fault/disk_full.hpp"
#include "core/sim/fault/disk_lost.hpp"
#include "core/sim/fault/disk_lying.hpp"
#include "core/sim/fault/disk_slow.hpp"
#include "core/sim/fault/disk_torn.hpp"
#include "core/sim/fault/restart.hpp"
#include "tests/sim/cluster.hpp"

namespace syslab {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Disked {
  explicit Disked(std::uint64_t seed = 1) : pair({.seed = seed}) {}
  Pair pair;
  World& world = pair.world;
  Storage& disk() { return world.env(pair.b).disk(); }
  void append(const char* record) { disk().append("log", record, {}); }
  // What a process would find.
  std::string log() {
    const Result found = disk().peek("log");
    if (!found) return found.error().code;
    std::string text;
    for (const Value& record : found->list()) text += std::string(record.string()) + ";";
    return text;
  }
  void crash(CrashDisk what = CrashDisk::synced) {
    world.inject(make_crash({.target = "b", .disk = what}));
    world.inject(make_restart({"b"}));
  }
};

}  // namespace

TEST_CASE("disk: operations take their time, one after the other, and end in order", "[sim][disk]") {
  Disked d;
  std::vector<std::pair<std::string, Instant>> ended;
  const auto note = [&](const char* what) {
    return [&ended, &d, what](Result result) {
      CHECK(result.ok());
      ended.emplace_back(what, d.world.now());
    };
  };
  d.disk().write("f", 1, note("write"));
  d.disk().sync(note("sync"));
  d.disk().read("f", note("read"));
  CHECK_FALSE(d.disk().peek("f").ok());
  d.world.run(seconds(1));
  REQUIRE(ended.size() == 3);
  CHECK(ended[0] == std::pair(std::string("write"), Instant(microseconds(100))));
  CHECK(ended[1] == std::pair(std::string("sync"), Instant(microseconds(1100))));
  CHECK(ended[2] == std::pair(std::string("read"), Instant(microseconds(1200))));
  CHECK(d.disk().peek("f")->number() == 1);
}

TEST_CASE("disk: a crash keeps what was synced and nothing else", "[sim][disk]") {
  Disked d;
  d.append("a");
  d.append("b");
  d.disk().sync({});
  d.append("c");
  d.world.run(milliseconds(50));
  CHECK(d.log() == "a;b;c;");
  d.crash();
  CHECK(d.log() == "a;b;");
}

TEST_CASE("disk: a crash before the sync has ended loses all of it", "[sim][disk]") {
  Disked d;
  bool told = false;
  d.append("a");
  d.disk().sync([&](const Result&) { told = true; });
  d.world.run(microseconds(500));
  d.crash();
  d.world.run(seconds(1));
  CHECK(d.log() == "not_found");
  CHECK_FALSE(told);
}

TEST_CASE("disk: a crash may keep the oldest part of the pending writes, or all", "[sim][disk]") {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Disked d(seed);
    for (const char* record : {"a", "b", "c"}) d.append(record);
    d.world.run(milliseconds(50));
    d.crash(CrashDisk::prefix);
    seen.insert(d.log());
  }
  CHECK(seen == std::set<std::string>{"not_found", "a;", "a;b;", "a;b;c;"});
  Disked d;
  d.append("a");
  d.world.run(milliseconds(50));
  d.crash(CrashDisk::all);
  CHECK(d.log() == "a;");
  d.crash(CrashDisk::wiped);
  CHECK(d.log() == "not_found");
}

TEST_CASE("disk: a torn write leaves half of a record", "[sim][disk]") {
  Disked d;
  d.append("first");
  d.disk().sync({});
  d.append("second");
  d.append("third");
  d.world.run(milliseconds(50));
  const FaultId torn = *d.world.inject(make_disk_torn({"b"}));
  d.crash();
  CHECK(d.log() == "first;sec;");
  d.world.heal(torn);
  d.append("fourth");
  d.world.run(milliseconds(50));
  d.crash();
  CHECK(d.log() == "first;sec;");
}

TEST_CASE("disk: a lying fsync is found out by a crash, and the first sync after it is honest",
          "[sim][disk]") {
  Disked d;
  const FaultId lying = *d.world.inject(make_disk_lying({"b"}));
  bool said_ok = false;
  d.append("a");
  d.disk().sync([&](const Result& result) { said_ok = result.ok(); });
  d.world.run(milliseconds(50));
  CHECK(said_ok);
  d.world.heal(lying);
  d.disk().sync({});
  d.world.run(milliseconds(50));
  d.crash();
  CHECK(d.log() == "a;");
  d.world.inject(make_disk_lying({"b"}));
  d.append("b");
  d.disk().sync({});
  d.world.run(milliseconds(50));
  d.crash();
  CHECK(d.log() == "a;");
}

TEST_CASE("disk: lost writes vanish, one sync fails, and the next one succeeds without them", "[sim][disk]") {
  Disked d;
  std::vector<std::string> syncs;
  const auto note = [&](const Result& result) { syncs.push_back(result ? "ok" : result.error().code); };
  d.append("a");
  d.disk().sync({});
  d.append("b");
  d.world.run(milliseconds(50));
  d.world.inject(make_disk_lost({"b"}));
  CHECK(d.log() == "a;");
  d.disk().sync(note);
  d.disk().sync(note);
  d.world.run(milliseconds(50));
  CHECK(syncs == std::vector<std::string>{"io_error", "ok"});
}

TEST_CASE("disk: a full disk refuses writes, definitely, and still reads and deletes", "[sim][disk]") {
  Disked d;
  d.disk().write("f", "old", {});
  d.world.run(milliseconds(50));
  const FaultId full = *d.world.inject(make_disk_full({"b"}));
  std::optional<Error> error;
  bool read = false, deleted = false;
  d.disk().write("f", "new", [&](const Result& result) { error = result.error(); });
  d.disk().read("f", [&](const Result& result) { read = result && *result == Value("old"); });
  d.disk().write("f", {}, [&](const Result& result) { deleted = result.ok(); });
  d.world.run(milliseconds(50));
  REQUIRE(error);
  CHECK(error->code == "disk_full");
  CHECK(error->definite);
  CHECK(read);
  CHECK(deleted);
  d.world.heal(full);
  d.append("a");
  d.world.run(milliseconds(50));
  CHECK(d.log() == "a;");
}

TEST_CASE("disk: a capacity counts what is there, not what was written", "[sim][disk]") {
  Pair pair({.disk = {.capacity_bytes = 100}});
  Storage& disk = pair.world.env(pair.b).disk();
  const std::string forty(40, 'x');
  std::vector<std::string> results;
  const auto note = [&](const Result& result) { results.push_back(result ? "ok" : result.error().code); };
  disk.write("a", forty, note);
  disk.write("b", forty, note);
  disk.write("c", forty, note);
  disk.write("a", {}, note);
  disk.write("c", forty, note);
  disk.write("c", forty, note);
  pair.world.run(milliseconds(50));
  CHECK(results == std::vector<std::string>{"ok", "ok", "disk_full", "ok", "ok", "ok"});
  CHECK(pair.world.host(pair.b).storage().size_bytes() == 90);
}

TEST_CASE("disk: corruption is silent or detected, spares what is written again, and heals", "[sim][disk]") {
  Disked d;
  for (const char* record : {"one", "two", "three"}) d.append(record);
  d.disk().write("f", 7, {});
  d.disk().sync({});
  d.world.run(milliseconds(50));
  SECTION("silent") {
    const FaultId fault = *d.world.inject(make_disk_corrupt({.target = "b", .probability = 1}));
    CHECK(d.log() != "one;two;three;");
    CHECK(d.log().size() == std::string("one;two;three;").size());
    CHECK(d.disk().peek("f")->number() != 7);
    d.disk().write("f", 8, {});
    d.world.run(milliseconds(50));
    CHECK(d.disk().peek("f")->number() == 8);
    d.crash();
    CHECK(d.log() != "one;two;three;");
    d.world.heal(fault);
    CHECK(d.log() == "one;two;three;");
  }
  SECTION("detected, one file") {
    const FaultId fault = *d.world.inject(
        make_disk_corrupt({.target = "b", .file = "log", .probability = 1, .detected = true}));
    CHECK(d.log() == "io_error");
    CHECK(d.disk().peek("f")->number() == 7);
    d.world.heal(fault);
    CHECK(d.log() == "one;two;three;");
  }
}

TEST_CASE("disk: a slow disk takes its factor longer", "[sim][disk]") {
  Disked d;
  d.world.inject(make_disk_slow({.target = "b", .factor = 5}));
  const Instant begun = d.world.now();
  Instant ended;
  d.disk().write("f", 1, [&](const Result&) { ended = d.world.now(); });
  d.world.run(seconds(1));
  CHECK(ended - begun == microseconds(500));
}

TEST_CASE("disk: an appended file and a written list are the same", "[sim][disk]") {
  Disked d;
  d.disk().write("log", Value::list({"x", "y"}), {});
  d.append("z");
  d.world.run(milliseconds(50));
  CHECK(d.log() == "x;y;z;");
  std::string code;
  d.disk().write("f", 1, {});
  d.disk().append("f", 2, [&](const Result& result) { code = result.error().code; });
  d.world.run(milliseconds(50));
  CHECK(code == "io_error");
}

}  // namespace syslab

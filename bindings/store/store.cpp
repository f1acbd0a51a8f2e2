#include "bindings/store/store.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "bindings/host/convert.hpp"
#include "bindings/workload/workload.hpp"

namespace syslab {
namespace {

constexpr double kMostBytes = 1 << 30;

std::string text_argument(lua_State* L, int index, const char* name) {
  const int type = lua_type(L, index);
  if (type == LUA_TSTRING) return std::string(string_argument(L, index, name));
  if (type == LUA_TNUMBER) return Value(lua_tonumber(L, index)).json();
  throw ScriptError(fmt::format("bad argument '{}': expected a string or a number, got {}", name,
                                describe_argument(L, index)));
}

Snapshot snapshot_argument(lua_State* L, const LabStore& s, int index) {
  if (lua_isnoneornil(L, index)) return kLatest;
  const double number = number_argument(L, index, "snapshot");
  for (const Snapshot open : s.snapshots) {
    if (static_cast<double>(open) == number) return open;
  }
  throw ScriptError(
      fmt::format("bad argument 'snapshot': {} is none of this store (a crash takes all)", number));
}

int push_true_or(lua_State* L, const std::optional<Error>& error) {
  if (error) return push_failure(L, *error);
  lua_pushboolean(L, true);
  return 1;
}

int write_changes(lua_State* L, LabStore& s, std::span<const Change> changes) {
  const Expected<Lsn> lsn = s.store.write(changes);
  if (!lsn.ok()) return push_failure(L, lsn.error());
  lua_pushboolean(L, true);
  return 1;
}

int put(lua_State* L, LabStore& s) {
  const std::string key = text_argument(L, 2, "key");
  const std::string value = text_argument(L, 3, "value");
  const Change change{key, value};
  return write_changes(L, s, {&change, 1});
}

int erase(lua_State* L, LabStore& s) {
  const std::string key = text_argument(L, 2, "key");
  const Change change{key, std::nullopt};
  return write_changes(L, s, {&change, 1});
}

int write(lua_State* L, LabStore& s) {
  if (lua_type(L, 2) != LUA_TTABLE) {
    throw ScriptError(fmt::format("bad argument 'changes': expected a list of {{key =, value =}}, got {}",
                                  describe_argument(L, 2)));
  }
  std::vector<std::pair<std::string, std::optional<std::string>>> texts;
  const auto n = static_cast<int>(lua_objlen(L, 2));
  for (int i = 1; i <= n; ++i) {
    lua_rawgeti(L, 2, i);
    if (lua_type(L, -1) != LUA_TTABLE) {
      throw ScriptError(fmt::format("bad argument 'changes': expected {{key =, value =}}, got {}",
                                    describe_argument(L, -1)));
    }
    lua_getfield(L, -1, "key");
    std::string key = text_argument(L, -1, "key");
    lua_getfield(L, -2, "value");
    std::optional<std::string> value;
    if (!lua_isnil(L, -1)) value = text_argument(L, -1, "value");
    texts.emplace_back(std::move(key), std::move(value));
    lua_pop(L, 3);
  }
  if (texts.empty()) throw ScriptError("bad argument 'changes': there are none");
  std::vector<Change> changes;
  for (const auto& [key, value] : texts) {
    changes.push_back({key, value ? std::optional<std::string_view>(*value) : std::nullopt});
  }
  return write_changes(L, s, changes);
}

int get(lua_State* L, LabStore& s) {
  const auto value = s.store.get(text_argument(L, 2, "key"), snapshot_argument(L, s, 3));
  if (!value.ok()) return push_failure(L, value.error());
  if (*value) {
    lua_pushlstring(L, (*value)->data(), (*value)->size());
  } else {
    lua_pushnil(L);
  }
  return 1;
}

int scan(lua_State* L, LabStore& s, Arguments& a) {
  const std::uint64_t limit = a.count("limit", ~std::uint64_t{0});
  const int at = a.index_of("at");
  const Snapshot snapshot = at == 0 ? kLatest : snapshot_argument(L, s, at);
  std::vector<std::pair<std::string, std::string>> found;
  const auto error = s.store.scan(a.string("from", ""), a.string("to", ""), snapshot,
                                  [&](std::string_view key, std::string_view value) {
                                    if (found.size() >= limit) return false;
                                    found.emplace_back(key, value);
                                    return true;
                                  });
  if (error) return push_failure(L, *error);
  lua_createtable(L, static_cast<int>(found.size()), 0);
  for (std::size_t i = 0; i < found.size(); ++i) {
    lua_createtable(L, 0, 2);
    lua_pushlstring(L, found[i].first.data(), found[i].first.size());
    lua_setfield(L, -2, "key");
    lua_pushlstring(L, found[i].second.data(), found[i].second.size());
    lua_setfield(L, -2, "value");
    lua_rawseti(L, -2, static_cast<int>(i) + 1);
  }
  return 1;
}

int snapshot(lua_State* L, LabStore& s) {
  // Snapshots of one moment can be the same number; the script has it once.
  const Snapshot made = s.store.snapshot();
  if (!s.snapshots.insert(made).second) s.store.release(made);
  lua_pushnumber(L, static_cast<double>(made));
  return 1;
}

int release(lua_State* L, LabStore& s) {
  if (lua_isnoneornil(L, 2)) throw ScriptError("bad argument 'snapshot': missing");
  const Snapshot which = snapshot_argument(L, s, 2);
  s.store.release(which);
  s.snapshots.erase(which);
  return 0;
}

int sync(lua_State* L, LabStore& s) {
  s.store.sync();
  return push_true_or(L, s.store.broken());
}

int flush(lua_State* L, LabStore& s) {
  s.store.flush();
  return push_true_or(L, s.store.broken());
}

int work(lua_State* L, LabStore& s) {
  const double most =
      lua_isnoneornil(L, 2) ? std::numeric_limits<double>::infinity() : number_argument(L, 2, "slices");
  double done = 0;
  while (done < most && s.store.work()) ++done;
  lua_pushnumber(L, done);
  return 1;
}

int advance(lua_State* L, LabStore& s) {
  s.store.advance(Instant(duration_argument(L, 2, "now")));
  return 0;
}

int crash_store(lua_State* L, LabStore& s, Arguments& a) {
  crash(*s.medium, a);
  s.snapshots.clear();
  s.store.open();
  if (s.store.broken()) return push_failure(L, *s.store.broken());
  const StoreStats stats = s.store.stats();
  lua_createtable(L, 0, 2);
  lua_pushnumber(L, static_cast<double>(stats.recovered));
  lua_setfield(L, -2, "recovered");
  lua_pushboolean(L, stats.torn);
  lua_setfield(L, -2, "torn");
  return 1;
}

int damage(lua_State* L, LabStore& s, Arguments& a) {
  const std::string kind = a.string("kind");
  Rng rng(a.count("seed", 1));
  for (const FileKind k :
       {FileKind::log, FileKind::meta, FileKind::table, FileKind::page, FileKind::snapshot}) {
    if (to_string(k) == kind) lua_pushboolean(L, s.medium->damage(k, rng).has_value());
  }
  return 1;
}

void set_number(lua_State* L, const char* name, double number) {
  lua_pushnumber(L, number);
  lua_setfield(L, -2, name);
}
void set_number(lua_State* L, const char* name, std::uint64_t number) {
  set_number(L, name, static_cast<double>(number));
}

void set_io(lua_State* L, const char* name, const std::array<IoCount, kPurposes>& counts) {
  lua_createtable(L, 0, static_cast<int>(kPurposes));
  for (std::size_t i = 0; i < kPurposes; ++i) {
    if (counts[i].blocks == 0) continue;
    lua_createtable(L, 0, 2);
    set_number(L, "blocks", counts[i].blocks);
    set_number(L, "bytes", counts[i].bytes);
    lua_setfield(L, -2, std::string(to_string(static_cast<Purpose>(i))).c_str());
  }
  lua_setfield(L, -2, name);
}

int stats(lua_State* L, LabStore& s) {
  const StoreStats now = s.store.stats();
  const EngineStats& e = now.engine;
  lua_createtable(L, 0, 40);
  const std::pair<const char*, std::uint64_t> numbers[] = {
      {"writes", now.writes},
      {"deletes", now.deletes},
      {"user_bytes", now.user_bytes},
      {"gets", now.gets},
      {"found", now.found},
      {"scans", now.scans},
      {"scanned", now.scanned},
      {"stalls", now.stalls},
      {"syncs", now.io.syncs},
      {"log_bytes", now.log_bytes},
      {"log_segments", now.log_segments},
      {"recovered", now.recovered},
      {"size_bytes", now.log_bytes + e.size_bytes},
      {"debt_bytes", e.debt_bytes},
      {"memory_bytes", e.memory_bytes},
      {"cache_hits", e.cache_hits},
      {"cache_misses", e.cache_misses},
      {"memtables", e.memtables},
      {"flushes", e.flushes},
      {"compactions", e.compactions},
      {"bloom_checks", e.bloom_checks},
      {"bloom_refused", e.bloom_refused},
      {"bloom_false_positives", e.bloom_false_positives},
      {"height", e.height},
      {"pages", e.pages},
      {"free_pages", e.free_pages},
      {"splits", e.splits},
      {"merges", e.merges},
      {"checkpoints", e.checkpoints},
  };
  for (const auto& [name, number] : numbers) set_number(L, name, number);
  lua_pushstring(L, std::string(s.store.engine().name()).c_str());
  lua_setfield(L, -2, "engine");
  lua_pushstring(L, std::string(to_string(s.store.pressure())).c_str());
  lua_setfield(L, -2, "pressure");
  set_io(L, "written", now.io.written);
  set_io(L, "read", now.io.read);
  lua_createtable(L, static_cast<int>(e.levels.size()), 0);
  for (std::size_t i = 0; i < e.levels.size(); ++i) {
    lua_createtable(L, 0, 3);
    set_number(L, "files", e.levels[i].files);
    set_number(L, "bytes", e.levels[i].bytes);
    set_number(L, "entries", e.levels[i].entries);
    lua_rawseti(L, -2, static_cast<int>(i) + 1);
  }
  lua_setfield(L, -2, "levels");
  return 1;
}

int push_amplification(lua_State* L, LabStore& s, const StoreStats& since) {
  const Amplification a = s.store.amplification(since);
  lua_createtable(L, 0, 3);
  set_number(L, "write", a.write);
  set_number(L, "read", a.read);
  set_number(L, "space", a.space);
  return 1;
}

int amplification(lua_State* L, LabStore& s) {
  return push_amplification(L, s, s.marked);
}

int reset_stats(lua_State*, LabStore& s) {
  s.marked = s.store.stats();
  return 0;
}

int replay(lua_State* L, LabStore& s, Arguments& a) {
  const int at = a.index_of("trace");
  RequestTrace* trace = object_at<RequestTrace>(L, at);
  const double keys = lua_type(L, at) == LUA_TNUMBER ? lua_tonumber(L, at) : 0;
  if (trace == nullptr && !(keys >= 1 && keys <= 1e9 && keys == std::floor(keys))) {
    throw ScriptError(
        fmt::format("bad argument 'trace': expected a RequestTrace, or a number n for the keys 1 to n, "
                    "got {}",
                    describe_argument(L, at)));
  }
  const double reads = a.number("reads", 0);
  const double absent = a.number("absent", 0);
  const double deletes = a.number("deletes", 0);
  std::string value(a.count("value_bytes", 100), '.');
  Rng rng(a.count("seed", 1));
  const StoreStats before = s.store.stats();
  std::uint64_t number = 0;
  std::string key;
  std::optional<Error> error;
  const auto request = [&](std::uint64_t id) {
    key.clear();
    fmt::format_to(std::back_inserter(key), "key{:09}", id);
    if (reads > 0 && rng.chance(reads)) {
      if (absent > 0 && rng.chance(absent)) key += '?';
      if (const auto got = s.store.get(key); !got.ok()) error = got.error();
      return;
    }
    ++number;
    std::memcpy(value.data(), &number, std::min(value.size(), sizeof number));
    Change change{key, value};
    if (deletes > 0 && rng.chance(deletes)) change.value.reset();
    for (;;) {
      const Expected<Lsn> done = s.store.write({&change, 1});
      if (done.ok()) return;
      // Who has no background work done by others has to do it.
      if (done.error().code == "overloaded" && s.store.work()) continue;
      error = done.error();
      return;
    }
  };
  if (trace == nullptr) {
    const LuaHost& host = LuaHost::of(L);
    for (double id = 1; id <= keys && !error && !host.interrupted(); ++id)
      request(static_cast<std::uint64_t>(id));
  } else {
    for_each_batch(L, *trace, [&](const RequestBatch& batch) {
      for (const std::uint64_t id : batch.ids) {
        if (!error) request(id);
      }
    });
  }
  if (error) return push_failure(L, *error);
  return push_amplification(L, s, before);
}

std::string show(lua_State* L, int index) {
  LabStore& s = *object_at<LabStore>(L, index);
  if (const auto& error = s.store.broken())
    return fmt::format("{}, broken: {}", s.store.engine().name(), error->message);
  const StoreStats stats = s.store.stats();
  return fmt::format("{}, {} writes, {} bytes", s.store.engine().describe(), stats.writes,
                     stats.log_bytes + stats.engine.size_bytes);
}

const Type store{describe_type<LabStore>(
    "Store",
    "Keys and values that survive a crash, and the exact count of the bytes that takes. Keys and values are "
    "strings (a number is written as text); keys are ordered by their bytes. In memory: a crash is a call. "
    "lab.store.filter puts one like it behind a service of a world, on the node's disk.",
    {
        method<&advance>("advance", "(now)",
                         "It is `now`, in seconds: the log is synced if its interval is over."),
        method<&amplification>("amplification", "() -> {write, read, space}",
                               "Bytes written for each byte that was put, and blocks read for each get, "
                               "since reset_stats(); bytes "
                               "kept for each byte that is there, now."),
        method<&crash_store>(
            "crash", crash_params(), "{recovered, torn} | nil, err",
            "Loses the memory and what was not synced, and opens the store again: how many "
            "records of the log were replayed, and whether it ended in half of one. err.code is "
            "'io_error' where something that was promised is damaged."),
        method<&damage>("damage",
                        {choice("kind", {"log", "meta", "table", "page", "snapshot"}, "of which files"),
                         count("seed", "which one").optional("1")},
                        "boolean", "Flips one bit of one block. False where there is none of that kind."),
        method<&erase>("delete", "(key) -> true | nil, err", "Also where there was nothing."),
        method<&flush>("flush", "() -> true | nil, err",
                       "Brings what was written into the engine's own files: a memtable becomes a table, a "
                       "checkpoint is made. Without inline_work it is only asked for: see work."),
        method<&get>(
            "get", "(key, snapshot?) -> string | nil[, err]",
            "The value, nil where there is none, or nil and an error: 'io_error' for a damaged block."),
        method<&put>("put", "(key, value) -> true | nil, err",
                     "Writes one entry. err.code: 'overloaded' where background work is behind (without "
                     "inline_work), 'out_of_memory' where it is too large for a page, 'io_error'."),
        method<&release>("release", "(snapshot)", "Nobody reads at this snapshot any more."),
        method<&replay>("replay",
                        {any("trace",
                             "a RequestTrace, whose ids are keys (\"key000000001\" ...), or n for the keys 1 "
                             "to n in turn"),
                         probability("reads", "share of the requests that read").optional("0"),
                         probability("absent", "share of the reads whose key is in no request").optional("0"),
                         probability("deletes", "share of the writes that delete").optional("0"),
                         size("value_bytes", "of each value").at_most(kMostBytes).optional("100"),
                         count("seed", "of which request does what").optional("1")},
                        "{write, read, space} | nil, err",
                        "Writes (and reads) the keys of a trace. Returns the amplifications of this replay."),
        method<&reset_stats>("reset_stats", "()", "The amplifications count from here."),
        method<&scan>(
            "scan",
            {string("from", "the first key").optional("the beginning"),
             string("to", "the key behind the last").optional("the end"),
             count("limit", "most entries").optional("all"), number("at", "a snapshot").optional("now")},
            "list of {key, value} | nil, err", "The entries of a range, in order."),
        method<&snapshot>("snapshot", "() -> number",
                          "What get and scan see with it is what is there now, until release or a crash."),
        method<&stats>(
            "stats", "() -> table",
            "Everything that is counted: writes, gets, user_bytes; written and read, by purpose (log, "
            "flush, compaction, eviction, checkpoint, get ...), in blocks and bytes; levels, "
            "bloom_checks, splits, size_bytes, debt_bytes ..."),
        method<&sync>("sync", "() -> true | nil, err", "Makes what was written durable."),
        method<&work>("work", "(slices?) -> number",
                      "Does background work, a slice is about one block: that many slices, or all there is. "
                      "Returns how many it did."),
        method<&write>(
            "write", "(list of {key, value?}) -> true | nil, err",
            "Several changes as one: after a crash all of them are there or none. Without a value it "
            "is a delete."),
    },
    &show)};

}  // namespace

LabStore::LabStore(const StoreConfig& config) : LabStore(config, std::make_unique<MemoryMedium>()) {}

std::vector<Param> wal_params() {
  return {
      choice("sync", {"always", "interval", "never"},
             "when the log is synced: before a write is answered, once in "
             "an interval, or never")
          .optional("always"),
      duration("interval", "with sync = 'interval': so long a record waits at most").optional("0.1"),
      size("segment_bytes", "of the log's segments, in which it is deleted").at_least(64).optional("1 MiB")};
}

WalOptions wal_options(const Arguments& a) {
  WalOptions o;
  const std::string sync = a.string("sync", "always");
  o.sync = sync == "always"     ? SyncPolicy::always
           : sync == "interval" ? SyncPolicy::interval
                                : SyncPolicy::never;
  if (a.has("interval") && o.sync != SyncPolicy::interval) a.reject("interval", "it is of sync = 'interval'");
  o.interval = a.duration("interval", o.interval);
  o.segment_bytes = a.count("segment_bytes", o.segment_bytes);
  return o;
}

std::vector<Param> store_params(std::vector<Param> own) {
  for (Param& param : wal_params()) own.push_back(std::move(param));
  own.push_back(boolean("inline_work",
                        "flushes, compactions and checkpoints are done at once by whoever writes; "
                        "else by work()")
                    .optional("true"));
  return own;
}

int push_store(lua_State* L, const Arguments& a, EngineFactory engine, bool log) {
  StoreConfig config;
  config.make_engine = std::move(engine);
  config.wal = wal_options(a);
  config.log = log;
  config.inline_work = a.boolean("inline_work", true);
  return push(L, std::make_shared<LabStore>(config));
}

std::vector<Param> crash_params() {
  return {choice("keep", {"synced", "prefix", "all"},
                 "of what was not synced: nothing, some of the oldest "
                 "operations, or everything")
              .optional("synced"),
          boolean("torn", "the oldest operation that is lost leaves half of itself").optional("false"),
          count("seed", "how many, with keep = 'prefix'").optional("1")};
}

void crash(MemoryMedium& medium, const Arguments& a) {
  const std::string keep = a.string("keep", "synced");
  const std::size_t pending = medium.pending();
  const std::size_t kept = keep == "all"      ? pending
                           : keep == "prefix" ? Rng(a.count("seed", 1)).below(pending + 1)
                                              : 0;
  medium.crash(kept, a.boolean("torn", false));
}

}  // namespace syslab

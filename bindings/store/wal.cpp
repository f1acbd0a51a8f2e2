#include "core/store/wal.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"
#include "bindings/store/store.hpp"

namespace syslab {
namespace {

// A log by itself, on a medium in memory.
struct LabWal {
  explicit LabWal(const WalOptions& o) : options(o) { recover(); }

  // Reads the log anew, as a process that starts.
  void recover() {
    wal.emplace(medium, FileKind::log, Purpose::log, options);
    recovery.reset();
    recovery.emplace(wal->recover(Wal::kAll, [](Lsn, std::string_view) { return std::nullopt; }));
  }
  // Throws ScriptError: what cannot be read cannot be written to.
  Wal& checked() {
    if (!recovery->ok()) throw ScriptError("the log is damaged: " + recovery->error().message);
    return *wal;
  }

  WalOptions options;
  MemoryMedium medium;
  std::optional<Wal> wal;
  std::optional<Expected<Wal::Recovery>> recovery;
};

int append(lua_State* L, LabWal& w) {
  const std::string_view payload = string_argument(L, 2, "payload");
  const Instant now = lua_isnoneornil(L, 3) ? Instant{} : Instant(duration_argument(L, 3, "now"));
  Wal& wal = w.checked();
  const Lsn lsn = wal.append(payload, now);
  if (wal.wants_sync(now)) wal.sync();
  lua_pushnumber(L, static_cast<double>(lsn));
  return 1;
}

int advance(lua_State* L, LabWal& w) {
  const Instant now(duration_argument(L, 2, "now"));
  if (w.checked().wants_sync(now)) w.wal->sync();
  return 0;
}

int sync(lua_State*, LabWal& w) {
  w.checked().sync();
  return 0;
}

int release(lua_State* L, LabWal& w) {
  w.checked().release(static_cast<Lsn>(std::max(0.0, number_argument(L, 2, "lsn"))));
  return 0;
}

int crash_wal(lua_State* L, LabWal& w, Arguments& a) {
  crash(w.medium, a);
  w.recover();
  if (!w.recovery->ok()) return push_failure(L, w.recovery->error());
  lua_createtable(L, 0, 3);
  const Wal::Recovery& r = **w.recovery;
  for (const auto& [name, number] : {std::pair{"records", r.records}, std::pair{"last", r.last}}) {
    lua_pushnumber(L, static_cast<double>(number));
    lua_setfield(L, -2, name);
  }
  lua_pushboolean(L, r.torn);
  lua_setfield(L, -2, "torn");
  return 1;
}

int damage(lua_State* L, LabWal& w, Arguments& a) {
  Rng rng(a.count("seed", 1));
  lua_pushboolean(L, w.medium.damage(FileKind::log, rng).has_value());
  return 1;
}

int records(lua_State* L, LabWal& w) {
  std::vector<std::pair<Lsn, std::string>> found;
  Wal reader(w.medium, FileKind::log, Purpose::log, w.options);
  const auto recovery = reader.recover(Wal::kAll, [&](Lsn lsn, std::string_view payload) {
    found.emplace_back(lsn, payload);
    return std::nullopt;
  });
  if (!recovery.ok()) return push_failure(L, recovery.error());
  lua_createtable(L, static_cast<int>(found.size()), 0);
  for (std::size_t i = 0; i < found.size(); ++i) {
    lua_createtable(L, 0, 2);
    lua_pushnumber(L, static_cast<double>(found[i].first));
    lua_setfield(L, -2, "lsn");
    lua_pushlstring(L, found[i].second.data(), found[i].second.size());
    lua_setfield(L, -2, "payload");
    lua_rawseti(L, -2, static_cast<int>(i) + 1);
  }
  return 1;
}

int stats(lua_State* L, LabWal& w) {
  const Wal& wal = w.checked();
  lua_createtable(L, 0, 5);
  for (const auto& [name, number] : {std::pair{"appended", wal.appended()}, std::pair{"synced", wal.synced()},
                                     std::pair{"syncs", w.medium.counts().syncs},
                                     std::pair<const char*, std::uint64_t>{"segments", wal.segments()},
                                     std::pair{"size_bytes", wal.size_bytes()}}) {
    lua_pushnumber(L, static_cast<double>(number));
    lua_setfield(L, -2, name);
  }
  return 1;
}

std::string show(lua_State* L, int index) {
  const LabWal& w = *object_at<LabWal>(L, index);
  if (!w.recovery->ok()) return "damaged: " + w.recovery->error().message;
  return fmt::format("{} records, {} synced, {} segments", w.wal->appended(), w.wal->synced(),
                     w.wal->segments());
}

const Type wal_type{describe_type<LabWal>(
    "Wal", "A write-ahead log: records with numbers (LSN) and checksums, in segments.",
    {
        method<&advance>("advance", "(now)", "It is `now`, in seconds: synced if its interval is over."),
        method<&append>("append", "(payload, now = 0) -> lsn",
                        "Appends a record, a string, at a time in seconds, and syncs if the policy says so."),
        method<&crash_wal>(
            "crash", crash_params(), "{records, last, torn} | nil, err",
            "Loses what was not synced, and reads the log again, up to the first record that is "
            "torn. err.code is 'io_error' where one is damaged that was whole once."),
        method<&damage>("damage", {count("seed", "which one").optional("1")}, "boolean",
                        "Flips one bit of one record."),
        method<&records>("records", "() -> list of {lsn, payload} | nil, err", "What is in the log."),
        method<&release>(
            "release", "(lsn)",
            "Records up to this one are needed no more: deletes the segments that have only such."),
        method<&stats>("stats", "() -> {appended, synced, syncs, segments, size_bytes}",
                       "The last record, the last one that is durable, and what there is."),
        method<&sync>("sync", "()", "Makes all that was appended durable."),
    },
    &show)};

const Component wal{{
    .name = "store.wal",
    .summary = "A write-ahead log by itself: appended to before anything else is done, read after a crash.",
    .params = wal_params(),
    .returns = "Wal",
    .cost = "O(1) a record: 24 bytes and the payload; a crash reads all there is",
    .paper = "Mohan et al. 1992, ARIES; Alagappan et al. 2018, Protocol-aware recovery",
    .example = R"(local w = lab.store.wal{ sync = "never" }
w:append("a"); w:sync(); w:append("b")
local report = w:crash{ torn = true }
return report.records == 1 and report.torn and w:records()[1].payload == "a")",
    .make = [](lua_State* L, Arguments& a) { return push(L, std::make_shared<LabWal>(wal_options(a))); },
}};

}  // namespace
}  // namespace syslab

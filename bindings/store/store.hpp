// The Lua type Store, and what the constructors of all storage engines share.
#pragma once

#include <set>
#include <vector>

#include "bindings/host/object.hpp"
#include "core/store/memory_medium.hpp"
#include "core/store/store.hpp"

namespace syslab {

// A store at the prompt: on a medium in memory.
struct LabStore {
  explicit LabStore(const StoreConfig& config);

  MemoryMedium* medium;
  Store store;
  std::set<Snapshot> snapshots;
  StoreStats marked = {};  // what the amplifications count from

 private:
  LabStore(const StoreConfig& config, std::unique_ptr<MemoryMedium> m)
      : medium(m.get()), store(config, std::move(m)) {}
};

// Options of the log: sync, interval, segment_bytes.
std::vector<Param> wal_params();
WalOptions wal_options(const Arguments& a);
// Those, and inline_work, after the engine's own.
std::vector<Param> store_params(std::vector<Param> own);
int push_store(lua_State* L, const Arguments& a, EngineFactory engine, bool log = true);

// A crash as an option table says it: keep, torn, seed.
std::vector<Param> crash_params();
void crash(MemoryMedium& medium, const Arguments& a);

}  // namespace syslab

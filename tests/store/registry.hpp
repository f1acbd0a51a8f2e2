// The storage engines that tests/store/conformance_test.cpp runs on. Every engine's own test file adds
// itself, as small as it can be, so that a short run fills memtables, splits pages and begins checkpoints.
#pragma once

#include <string>
#include <vector>

#include "core/store/memory_medium.hpp"
#include "core/store/store.hpp"

namespace syslab::test {

struct RegisteredEngine {
  std::string name;
  EngineFactory make;
  static std::vector<RegisteredEngine>& all() {
    static std::vector<RegisteredEngine> engines;
    return engines;
  }
};

struct RegisterEngine {
  RegisterEngine(std::string name, EngineFactory make) {
    RegisteredEngine::all().push_back({std::move(name), std::move(make)});
  }
};

// A store on a medium in memory, which belongs to the store.
struct TestStore {
  MemoryMedium* medium;
  Store store;

  explicit TestStore(StoreConfig config) : TestStore(std::move(config), std::make_unique<MemoryMedium>()) {}
  void put(std::string_view key, std::string_view value) {
    const Change change{key, value};
    const auto done = store.write({&change, 1});
    SYSLAB_ASSERT(done.ok());
  }
  void remove(std::string_view key) {
    const Change change{key, std::nullopt};
    const auto done = store.write({&change, 1});
    SYSLAB_ASSERT(done.ok());
  }
  // "-" where there is none, the error's code where it fails.
  std::string get(std::string_view key, Snapshot at = kLatest) {
    const auto value = store.get(key, at);
    return !value.ok() ? value.error().code : *value ? **value : "-";
  }
  void crash(std::size_t kept = 0, bool torn = false) {
    medium->crash(kept, torn);
    store.open();
  }

 private:
  TestStore(StoreConfig config, std::unique_ptr<MemoryMedium> m)
      : medium(m.get()), store(std::move(config), std::move(m)) {}
};

}  // namespace syslab::test

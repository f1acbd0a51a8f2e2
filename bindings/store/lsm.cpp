#include "core/store/lsm.hpp"

#include "bindings/store/store.hpp"

namespace syslab {
namespace {

constexpr double kMostBytes = 1 << 30;

LsmOptions lsm_options(const Arguments& a) {
  LsmOptions o;
  const std::string compaction = a.string("compaction", "levelled");
  for (const Compaction c : {Compaction::levelled, Compaction::tiered, Compaction::none}) {
    if (to_string(c) == compaction) o.compaction = c;
  }
  const bool is_tiered = o.compaction == Compaction::tiered;
  o.memtable_bytes = a.count("memtable_bytes", o.memtable_bytes);
  o.memtables = static_cast<int>(a.count("memtables", static_cast<std::uint64_t>(o.memtables)));
  o.fanout = static_cast<int>(a.count("fanout", is_tiered ? 4 : 10));
  o.level0_runs = static_cast<int>(a.count("level0_runs", 4));
  o.table_bytes = a.count("table_bytes", o.memtable_bytes);
  o.level1_bytes = a.count("level1_bytes", o.memtable_bytes * static_cast<std::size_t>(o.level0_runs));
  for (const char* name : {"level0_runs", "table_bytes", "level1_bytes"}) {
    if (a.has(name) && o.compaction != Compaction::levelled)
      a.reject(name, "it is of compaction = 'levelled'");
  }
  const int begins = is_tiered ? o.fanout : o.level0_runs;
  o.slow_runs = static_cast<int>(a.count("slow_runs", static_cast<std::uint64_t>(2 * begins)));
  o.stall_runs = static_cast<int>(a.count("stall_runs", static_cast<std::uint64_t>(3 * begins)));
  if (o.stall_runs < begins) {
    a.reject("stall_runs",
             "writers would wait for ever: a compaction begins at " + std::to_string(begins) + " runs");
  }
  o.format.block_bytes = a.count("block_bytes", o.format.block_bytes);
  o.format.bits_per_key = a.number("bits_per_key", o.format.bits_per_key);
  o.cache_bytes = a.count("cache_bytes", o.cache_bytes);
  return o;
}

const Component lsm{{
    .name = "store.lsm",
    .summary = "An LSM tree: writes go to a sorted memtable and a log, memtables become tables, and tables "
               "are merged "
               "into larger ones, by levels or by tiers.",
    .params = store_params(
        {choice("compaction", {"levelled", "tiered", "none"},
                "levelled: each level is one sorted run, fanout times as large as the one before; tiered: "
                "each level "
                "has up to fanout runs; none: tables pile up")
             .optional("levelled"),
         size("memtable_bytes", "of a memtable that is full")
             .at_least(64)
             .at_most(kMostBytes)
             .optional("1 MiB"),
         count("memtables", "most of them in memory, before writers wait")
             .at_least(1)
             .at_most(100)
             .optional("2"),
         count("fanout", "of level sizes, or runs of a tier")
             .at_least(2)
             .at_most(100)
             .optional("10; tiered: 4"),
         size("table_bytes", "of a table below level 0, about")
             .at_least(64)
             .at_most(kMostBytes)
             .optional("memtable_bytes"),
         count("level0_runs", "as many runs of level 0 are compacted into level 1")
             .at_least(1)
             .at_most(100)
             .optional("4"),
         size("level1_bytes", "the size of level 1").at_least(64).optional("memtable_bytes * level0_runs"),
         count("slow_runs", "so many runs in level 0 slow writers down")
             .at_least(1)
             .at_most(1000)
             .optional("2 times what begins a compaction"),
         count("stall_runs", "and so many make them wait")
             .at_least(1)
             .at_most(1000)
             .optional("3 times what begins a compaction"),
         size("block_bytes", "of data blocks: what a get reads")
             .at_least(64)
             .at_most(1 << 24)
             .optional("4096"),
         number("bits_per_key", "of the tables' Bloom filters; 0: none")
             .at_least(0)
             .at_most(64)
             .optional("10"),
         size("cache_bytes", "of a cache of data blocks").at_most(kMostBytes).optional("0")}),
    .returns = "Store",
    .cost = "a put is an insert into a skip list, and later the write amplification times its bytes; a get "
            "reads a "
            "block per run, but for those that a Bloom filter spares",
    .paper = "O'Neil et al. 1996, The log-structured merge-tree; Dayan and Idreos 2018, Dostoevsky",
    .example = R"(local s = lab.store.lsm{ compaction = "tiered", memtable_bytes = 10*KB }
s:replay(lab.workload.zipf_trace{ count = 1000, skew = 0.9, requests = 2000 })
local amplification = s:amplification()
return s:stats().flushes > 10 and amplification.write > 2 and amplification.space > 1)",
    .make = [](lua_State* L, Arguments& a) { return push_store(L, a, make_lsm(lsm_options(a))); },
}};

}  // namespace
}  // namespace syslab

#include "core/store/kv.hpp"

#include "bindings/store/store.hpp"

namespace syslab {
namespace {

const Component kv{{
    .name = "store.kv",
    .summary =
        "An in-memory store: an ordered map. Without a log a crash takes everything; with one, and a copy of "
        "all that is there now and then, nothing that was synced.",
    .params = store_params(
        {boolean("log", "a write-ahead log, and checkpoints").optional("false"),
         size("checkpoint_bytes",
              "a copy is written after so many bytes of keys and values; 0: only when flush() asks")
             .optional("4 MiB, or 0 without a log")}),
    .returns = "Store",
    .cost = "O(log n) a get or a put; a copy writes all that is there",
    .example = R"(local s = lab.store.kv{ log = true }
s:put("b", 2); s:put("a", 1)
local report = s:crash()
return report.recovered == 2 and s:get("a") == "1" and s:scan()[2].key == "b")",
    .make =
        [](lua_State* L, Arguments& a) {
          KvOptions o;
          const bool log = a.boolean("log", false);
          for (const char* name : {"sync", "interval", "segment_bytes"}) {
            if (a.has(name) && !log) a.reject(name, "it is of the log: give log = true");
          }
          o.checkpoint_bytes = a.count("checkpoint_bytes", log ? o.checkpoint_bytes : 0);
          return push_store(L, a, make_kv(o), log);
        },
}};

}  // namespace
}  // namespace syslab

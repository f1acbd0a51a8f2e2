#include "core/store/btree.hpp"

#include "bindings/store/store.hpp"

namespace syslab {
namespace {

const Component btree{{
    .name = "store.btree",
    .summary =
        "A B-tree of pages, with a buffer pool and a log. Pages are copied on write between checkpoints, so "
        "that a crash never finds half a tree.",
    .params = store_params(
        {size("page_bytes", "of a page").at_least(256).at_most(1 << 20).optional("4096"),
         count("pool_pages", "pages in memory").at_least(1).at_most(1e7).optional("256"),
         size("checkpoint_bytes",
              "a checkpoint is made after so many bytes of keys and values; 0: only when flush() "
              "asks")
             .optional("4 MiB")}),
    .returns = "Store",
    .cost = "O(log n): a get reads the pages of its path that are not in the pool, and a put changes one, "
            "which is "
            "written when it is evicted or by a checkpoint",
    .paper = "Bayer and McCreight 1972, Organization and maintenance of large ordered indexes; Graefe 2011, "
             "Modern "
             "B-tree techniques",
    .example = R"(local s = lab.store.btree{ pool_pages = 16 }
s:replay(lab.workload.zipf_trace{ count = 1000, skew = 0, requests = 2000 })
s:flush(); s:crash()
return s:stats().height == 2 and #s:scan{ limit = 10 } == 10)",
    .make =
        [](lua_State* L, Arguments& a) {
          BtreeOptions o;
          o.page_bytes = a.count("page_bytes", o.page_bytes);
          o.pool_pages = a.count("pool_pages", o.pool_pages);
          o.checkpoint_bytes = a.count("checkpoint_bytes", o.checkpoint_bytes);
          return push_store(L, a, make_btree(o));
        },
}};

}  // namespace
}  // namespace syslab

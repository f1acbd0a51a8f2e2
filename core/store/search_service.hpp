// A search index over the nodes of a world: nodes that hold copies of shards, and a router that knows which.
//
//   client -> router --query--> one copy of every shard     (another one where it does not answer)
//                    <-- their best ids and scores --
//                    --fetch--> the shards of the page's documents
//
// A write goes to the shard's primary, which gives it a number, and from there to the copies that are in
// sync; it is answered when all of them have it on their disks (`durability = request`), or only in memory
// (`async`: a crash loses up to `sync_every`). It is found by a search after a refresh, which every copy does
// at times of its own, so two copies may answer differently for a moment. A copy that fails is out of sync:
// nobody asks it any more; where it was the primary, another one stands in, under a higher term. It is filled
// again from the primary when it answers.
//
// Requests to the router: index {id | key, doc | value}, update {id, doc} (fields are merged), delete {id},
// get {id}, search {...} (search.hpp; and allow_partial = false, prefer = "primary"), bulk {records = {{id,
// data}}} or {docs =
// {{id, doc}}} -> {indexed, failed = {ids}}, refresh, status. put, set and write are index, read is get.
// `bulk` takes what a delivery stream for search sends; data that is no table, and no JSON of one, fails for
// good.
//
// A search that a shard does not answer in any copy is partial: `shards.failed` says so, and the hits are
// what the others have.
//
// Limits: one router, whose word on copies is on its disk (a second one would need consensus); shards are not
// rebalanced. Error codes: parsing_exception, malformed, not_found, unavailable (no copy), timeout. Cost: a
// call to every shard a search, and one to those with hits on the page.
#pragma once

#include <string>
#include <vector>

#include "core/runtime/service.hpp"
#include "core/store/search.hpp"

namespace syslab {

struct SearchNodeOptions {
  SearchShardOptions shard = {};
  bool sync = true;                                   // a write is answered when it is on the disk
  Duration sync_every = std::chrono::seconds(5);      // otherwise
  std::size_t flush_writes = 1000;                    // the log is replaced by a commit after so many
  Duration timeout = std::chrono::milliseconds(500);  // of a copy's answer to a write
};
Filter make_search_node(SearchNodeOptions options);

struct SearchRouterOptions {
  std::vector<std::string> nodes = {};
  std::size_t shards = 1;
  std::size_t replicas = 1;  // copies beside the primary
  SearchMapping mapping = {};
  Duration timeout = std::chrono::seconds(1);  // of one call
  Duration check = std::chrono::seconds(1);    // how often copies out of sync are tried
};
// Requires: at least replicas + 1 nodes.
Filter make_search_router(SearchRouterOptions options);

}  // namespace syslab

// SearchIndex: documents that are found by the words in them. Shards of one index in one place; on nodes of a
// world they are served by search_service.hpp.
//
// A document goes to the shard that the Murmur3 of its id names. A search asks all shards for their best
// `from + size` (query), puts them together, and gets the documents of the page (fetch). Each shard scores by
// its own statistics, so the same document would score differently in another shard; with `dfs` the
// statistics of all shards are added up first, and scores are as if there was one.
//
// A search: {query, from, size, sort, facets, highlight = {FIELDS}, dfs, explain}; see search_query.hpp. Its
// answer: {total, hits = {{id, score, sort, doc, highlight, explain}}, facets, shards = {total, successful,
// failed}}.
//
// A pure state machine, time is an argument. Error codes: parsing_exception, malformed. Cost: see
// search_shard.hpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/runtime/env.hpp"
#include "core/store/search_shard.hpp"

namespace syslab {

struct SearchIndexOptions {
  std::size_t shards = 1;
  SearchShardOptions shard = {};
};

// The shard of an id.
std::size_t shard_of(std::string_view id, std::size_t shards);
// What a hit looks like to whoever searched; `document` is nil where it is gone since.
Value hit_value(const SearchHit& hit, const Value& document, const Value& body, const SearchQuery& query,
                const SearchMapping& mapping);

class SearchIndex {
 public:
  explicit SearchIndex(SearchIndexOptions options);

  // Requires: now does not run backwards. True where the id is new, or was there.
  Expected<bool> put(Instant now, const std::string& id, Value document);
  bool remove(Instant now, const std::string& id);
  Value get(const std::string& id) const;
  Result search(Instant now, const Value& body);
  void advance(Instant now);
  void refresh();
  void merge_to(std::size_t segments);

  Value describe() const;
  std::vector<SearchShard>& shards() { return shards_; }
  const SearchIndexOptions& options() const { return options_; }

 private:
  const SearchIndexOptions options_;
  std::vector<SearchShard> shards_;
  std::uint64_t next_seq_ = 1;
};

}  // namespace syslab

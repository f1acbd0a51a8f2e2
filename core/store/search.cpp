#include "core/store/search.hpp"

#include "core/hash/murmur3.hpp"

namespace syslab {

std::size_t shard_of(std::string_view id, std::size_t shards) {
  return murmur3_x86_32(id) % shards;
}

Value hit_value(const SearchHit& hit, const Value& document, const Value& body, const SearchQuery& query,
                const SearchMapping& mapping) {
  Value::Map out = {
      {"id", hit.id}, {"score", hit.score}, {"shard", static_cast<double>(hit.shard)}, {"doc", document}};
  if (!hit.sort.is_nil()) out.emplace_back("sort", hit.sort);
  if (body["highlight"].is_list()) {
    Value::Map marked;
    for (const Value& field : body["highlight"].list()) {
      if (!field.is_string()) continue;
      const Value text = highlight(std::string(field.string()), document[field.string()], query, mapping);
      if (!text.is_nil()) marked.emplace_back(std::string(field.string()), text);
    }
    out.emplace_back("highlight", Value::map(std::move(marked)));
  }
  return Value::map(std::move(out));
}

SearchIndex::SearchIndex(SearchIndexOptions options) : options_(std::move(options)) {
  for (std::size_t i = 0; i < options_.shards; ++i) shards_.emplace_back(options_.shard);
}

Expected<bool> SearchIndex::put(Instant now, const std::string& id, Value document) {
  if (id.empty()) return make_error("malformed", "a document has an id, a text");
  if (!document.is_map()) return make_error("malformed", "a document is a table of fields");
  SearchShard& shard = shards_[shard_of(id, shards_.size())];
  const bool there = !shard.get(id).is_nil();
  shard.put(now, next_seq_++, id, std::move(document));
  return !there;
}

bool SearchIndex::remove(Instant now, const std::string& id) {
  SearchShard& shard = shards_[shard_of(id, shards_.size())];
  if (shard.get(id).is_nil()) return false;
  return shard.remove(now, next_seq_++, id);
}

Value SearchIndex::get(const std::string& id) const {
  return shards_[shard_of(id, shards_.size())].get(id);
}

Result SearchIndex::search(Instant now, const Value& body) {
  advance(now);
  auto request = SearchRequest::parse(body, options_.shard.mapping);
  if (!request) return request.error();
  std::vector<SearchStatistics> statistics;
  for (const SearchShard& shard : shards_) statistics.push_back(shard.statistics(request->query));
  if (body["dfs"].truthy()) {
    SearchStatistics all;
    for (const SearchStatistics& one : statistics) all.add(one);
    for (SearchStatistics& one : statistics) one = all;
  }
  std::vector<SearchResult> results;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    results.push_back(shards_[i].search(*request, statistics[i]));
    for (SearchHit& hit : results.back().hits) hit.shard = i;
  }
  const SearchResult merged = merge_results(std::move(results), *request);
  const std::size_t from = body["from"].is_number() ? static_cast<std::size_t>(body["from"].number()) : 0;
  Value::List hits;
  for (std::size_t i = from; i < merged.hits.size(); ++i) {
    const SearchHit& hit = merged.hits[i];
    Value shown = hit_value(hit, get(hit.id), body, request->query, options_.shard.mapping);
    if (body["explain"].truthy()) {
      shown =
          shown.with("explain", shards_[hit.shard].explain(hit.id, request->query, statistics[hit.shard]));
    }
    hits.push_back(std::move(shown));
  }
  const auto n = static_cast<double>(shards_.size());
  return Value::map({{"total", static_cast<double>(merged.total)},
                     {"hits", Value::list(std::move(hits))},
                     {"facets", finish_facets(merged.facets, request->facets)},
                     {"shards", Value::map({{"total", n}, {"successful", n}, {"failed", 0}})}});
}

void SearchIndex::advance(Instant now) {
  for (SearchShard& shard : shards_) shard.advance(now);
}

void SearchIndex::refresh() {
  for (SearchShard& shard : shards_) shard.refresh();
}

void SearchIndex::merge_to(std::size_t segments) {
  for (SearchShard& shard : shards_) shard.merge_to(segments);
}

Value SearchIndex::describe() const {
  Value::List list;
  for (const SearchShard& shard : shards_) list.push_back(shard.describe());
  return Value::list(std::move(list));
}

}  // namespace syslab

// SearchShard: one shard of an index, as Lucene builds it.
//
// A write goes into a buffer, where no search sees it. A refresh makes an immutable segment of the buffer:
// for each field a sorted dictionary of terms, each with the documents that have it and where. A deletion
// only marks the document (a tombstone), an update is a deletion and a new document; marked ones still count
// in the statistics of terms until a merge writes their segment anew.
//
//   write -> [buffer] --refresh--> [seg 7][seg 6] ... [seg 1] --merge--> fewer, larger ones without
//   tombstones
//
// A pure state machine with time as an argument: with a refresh interval, the buffer becomes visible at the
// next multiple of it (plus `phase`) after a write.
//
// BM25: idf * freq / (freq + k1 * (1 - b + b * length / average)), idf = ln(1 + (N - n + 0.5) / (n + 0.5)),
// as Lucene has it since version 8 (without the factor k1 + 1 on top; a boost of 2.2 brings it back). Lengths
// are kept in a byte as Lucene does, exact up to 40.
//
// Merges follow Lucene's TieredMergePolicy: where there are more segments than `segments_per_tier` in each
// tier of sizes, the run of similar sizes with most tombstones is merged.
//
// Cost: a write O(1) until the refresh, which is O(bytes); a query O(sum of the postings it reads). Sources:
// Robertson & Zaragoza 2009; Lucene's BM25Similarity, SmallFloat, TieredMergePolicy.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"
#include "core/store/search_query.hpp"

namespace syslab {

struct SearchShardOptions {
  SearchMapping mapping = {};
  Duration refresh = std::chrono::seconds(1);  // 0: only when asked
  Duration phase = Duration::zero();
  std::size_t segments_per_tier = 10;
  std::size_t merge_at_once = 10;
  double floor_bytes = 2097152;           // smaller segments count as this
  double segment_bytes_max = 5368709120;  // no merge makes a larger one
};

// How often terms occur, for scores: of a shard, or of all of them together.
struct SearchStatistics {
  struct Field {
    double documents = 0;  // that have it
    double length = 0;     // of all of them, in terms
  };
  std::map<std::string, Field> fields = {};
  std::map<std::pair<std::string, std::string>, double> documents = {};  // by field and term

  void add(const SearchStatistics& other);
  Value value() const;
  static SearchStatistics parse(const Value& value);
};

struct SearchRequest {
  SearchQuery query = {};
  std::size_t size = 10;  // the best so many (of a shard: with those that a page leaves out)
  std::string sort = {};  // by this field, or by score
  bool descending = false;
  Value facets = {};  // {NAME = {terms = FIELD, size}, {histogram = FIELD, interval}, {stats = FIELD}}

  // {query, size, from, sort = FIELD | {field, order}, facets}: `from` is added to the size. Errors:
  // parsing_exception.
  static Expected<SearchRequest> parse(const Value& body, const SearchMapping& mapping);
};

struct SearchHit {
  double score = 0;
  Value sort = {};
  std::string id = {};
  std::size_t shard = 0;
};

struct SearchResult {
  std::uint64_t total = 0;
  std::vector<SearchHit> hits = {};  // best first
  Value facets = {};                 // partial: see merge_facets
};

class SearchShard {
 public:
  explicit SearchShard(SearchShardOptions options);

  // Writes with a number not above that of the document's last write are old news and are ignored: false.
  bool put(Instant now, std::uint64_t seq, const std::string& id, Value document);
  bool remove(Instant now, std::uint64_t seq, const std::string& id);
  // The document as it was written last, whether refreshed or not; nil where there is none.
  Value get(const std::string& id) const;
  // The highest number of a write so far.
  std::uint64_t last_seq() const { return last_seq_; }
  // Numbers up to this one were given.
  void skip_to(std::uint64_t seq) { last_seq_ = std::max(last_seq_, seq); }
  // Every live document as {id, seq, doc}, by id.
  Value::List dump() const;

  void advance(Instant now);
  // When the buffer becomes visible; Instant::max() for never.
  Instant next_refresh() const { return refresh_at_; }
  // Makes the buffer visible now; whether there was something.
  bool refresh();
  // Merges until at most so many segments are left.
  void merge_to(std::size_t segments);

  SearchStatistics statistics(const SearchQuery& query) const;
  SearchResult search(const SearchRequest& request, const SearchStatistics& statistics) const;
  // {score, clauses = {{field, term, freq, length, average, n, N, idf, tf, boost, score}}}; nil where not
  // visible.
  Value explain(const std::string& id, const SearchQuery& query, const SearchStatistics& statistics) const;

  // {documents, buffered, deleted, segments = {{number, documents, deleted, bytes}}, refreshes, merges,
  // merged_bytes, written_bytes}
  Value describe() const;
  const SearchShardOptions& options() const { return options_; }
  // For tests: each id lives in one place, and segments count their tombstones.
  void check_invariants() const;

 private:
  struct Postings {
    std::vector<std::uint32_t> docs;
    std::vector<std::uint32_t> starts;  // into positions; one more than docs
    std::vector<std::uint32_t> positions;
  };
  struct FieldIndex {
    std::map<std::string, Postings> terms;
    std::vector<std::uint8_t> lengths;  // of each document, as Lucene's byte; 0: has no such field
    std::vector<std::pair<double, std::uint32_t>> numbers;
    std::vector<std::uint32_t> present;
    SearchStatistics::Field statistics;
  };
  struct Document {
    std::string id;
    std::uint64_t seq;
    Value source;
    bool dead = false;
  };
  struct Segment {
    std::uint64_t number;
    std::vector<Document> documents;
    std::map<std::string, FieldIndex> fields;
    double bytes = 0;
    std::size_t dead = 0;
    double live_bytes() const {
      return documents.empty() ? 0
                               : bytes * static_cast<double>(documents.size() - dead) /
                                     static_cast<double>(documents.size());
    }
  };
  using SegmentPtr = std::shared_ptr<Segment>;
  struct Place {
    std::uint64_t seq = 0;
    bool deleted = false;
    std::uint64_t segment = 0;  // 0: in the buffer
    std::uint32_t document = 0;
  };
  struct Scored {
    std::uint32_t doc;
    double score;
  };
  using Matches = std::vector<Scored>;  // by document

  void written(Instant now);
  SegmentPtr build(std::vector<Document> documents);
  void index_value(FieldIndex& field, const SearchField& options, const Value& value, std::uint32_t doc,
                   std::uint32_t& length, std::uint32_t& position,
                   std::map<std::string, std::vector<std::uint32_t>>& terms);
  void bury(const std::string& id);
  void merge_as_needed();
  void merge(std::vector<SegmentPtr> chosen);
  Segment* find(std::uint64_t number) const;

  Matches evaluate(const Segment& s, const SearchQuery& q, const SearchStatistics& statistics) const;
  Matches evaluate_boolean(const Segment& s, const SearchQuery& q, const SearchStatistics& statistics) const;
  Matches evaluate_phrase(const Segment& s, const SearchQuery& q, const SearchStatistics& statistics) const;
  Matches evaluate_range(const Segment& s, const SearchQuery& q) const;
  double phrase_frequency(const std::vector<const Postings*>& words, const std::vector<std::size_t>& at,
                          const SearchQuery& q) const;
  double idf(const SearchQuery& q, const SearchStatistics& statistics) const;
  double tf(double frequency, std::uint8_t length, const SearchStatistics::Field& field) const;

  const SearchShardOptions options_;
  Instant refresh_at_ = Instant::max();
  std::uint64_t last_seq_ = 0;
  std::uint64_t next_segment_ = 1;
  std::vector<SegmentPtr> segments_;  // oldest first
  std::vector<Document> buffer_;
  std::map<std::string, Place> places_;                          // of every id, deleted ones too
  std::vector<std::pair<std::uint64_t, std::uint32_t>> doomed_;  // dead from the next refresh on
  std::uint64_t refreshes_ = 0, merges_ = 0;
  double merged_bytes_ = 0, written_bytes_ = 0;
};

// Lucene's byte for a length, and the length that it stands for: exact up to 40, then four significant bits.
std::uint8_t length_to_byte(std::uint32_t length);
std::uint32_t byte_to_length(std::uint8_t byte);

// Puts the shards' answers together: the best `request.size`, ties by shard and then in the shard's order,
// and the sum of the facets. A facet of terms knows only what each shard has told (its best 1.5 x size + 10).
SearchResult merge_results(std::vector<SearchResult> results, const SearchRequest& request);
// What a script sees of facets.
Value finish_facets(const Value& merged, const Value& asked);

// A text with the words that the query looks for in `field` between <em> and </em>; nil where there are none.
Value highlight(const std::string& field, const Value& text, const SearchQuery& query,
                const SearchMapping& mapping);

}  // namespace syslab

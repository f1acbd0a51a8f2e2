#include "core/store/search_shard.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/base/exact_math.hpp"
#include "core/base/nearest.hpp"

namespace syslab {
namespace {

Error wrong(std::string message) {
  return Error{"parsing_exception", std::move(message), true};
}

template <class T>
Value count(T n) {
  return static_cast<double>(n);
}

const Value::Map& map_of(const Value& v) {
  static const Value::Map none;
  return v.is_map() ? v.map() : none;
}
const Value::List& list_of(const Value& v) {
  static const Value::List none;
  return v.is_list() ? v.list() : none;
}

std::string term_of(const Value& value) {
  return value.is_string() ? std::string(value.string()) : value.json();
}

// The values of a field: of a list each, else the one.
template <class Visit>
void each_value(const Value& value, Visit&& visit) {
  if (value.is_list()) {
    for (const Value& one : value.list()) visit(one);
  } else if (!value.is_nil()) {
    visit(value);
  }
}

// Nothing comes before a value that is there.
bool sorts_before(const Value& a, const Value& b, bool descending) {
  if (a.is_nil() || b.is_nil()) return !a.is_nil() && b.is_nil();
  const int order = a.compare(b);
  return descending ? order > 0 : order < 0;
}

}  // namespace

// ---- lengths: SmallFloat.intToByte4 and byte4ToInt

namespace {

std::uint32_t to_int4(std::uint32_t i) {
  const int bits = 32 - std::countl_zero(i);
  if (bits < 4) return i;
  const int shift = bits - 4;
  return ((i >> shift) & 7) | static_cast<std::uint32_t>(shift + 1) << 3;
}
std::uint32_t from_int4(std::uint32_t i) {
  const std::uint32_t bits = i & 7;
  const std::uint32_t shift = i >> 3;
  return shift == 0 ? bits : (bits | 8) << (shift - 1);
}
constexpr std::uint32_t kFree = 24;  // 255 less the code of the largest int

}  // namespace

std::uint8_t length_to_byte(std::uint32_t length) {
  const std::uint32_t bounded = std::min(length, 2147483647u);
  return static_cast<std::uint8_t>(bounded < kFree ? bounded : kFree + to_int4(bounded - kFree));
}
std::uint32_t byte_to_length(std::uint8_t byte) {
  return byte < kFree ? byte : kFree + from_int4(byte - kFree);
}

// ---- statistics and requests

void SearchStatistics::add(const SearchStatistics& other) {
  for (const auto& [name, field] : other.fields) {
    fields[name].documents += field.documents;
    fields[name].length += field.length;
  }
  for (const auto& [term, n] : other.documents) documents[term] += n;
}

Value SearchStatistics::value() const {
  Value::Map all;
  for (const auto& [name, field] : fields) {
    all.emplace_back(name, Value::list({field.documents, field.length}));
  }
  Value::List terms;
  for (const auto& [term, n] : documents)
    terms.push_back(Value::list({Value(term.first), Value(term.second), n}));
  return Value::map({{"fields", Value::map(std::move(all))}, {"terms", Value::list(std::move(terms))}});
}

SearchStatistics SearchStatistics::parse(const Value& value) {
  SearchStatistics out;
  for (const auto& [name, field] : map_of(value["fields"])) {
    out.fields[name] = {field.list()[0].number(), field.list()[1].number()};
  }
  for (const Value& term : list_of(value["terms"])) {
    out.documents[{std::string(term.list()[0].string()), std::string(term.list()[1].string())}] =
        term.list()[2].number();
  }
  return out;
}

Expected<SearchRequest> SearchRequest::parse(const Value& body, const SearchMapping& mapping) {
  SearchRequest request;
  auto query = SearchQuery::parse(body["query"], mapping);
  if (!query) return query.error();
  request.query = std::move(*query);
  double page = 0;
  for (const auto& [name, otherwise] : {std::pair("size", 10.0), std::pair("from", 0.0)}) {
    const Value& given = body[name];
    const double n = given.is_number() ? given.number() : otherwise;
    if ((!given.is_nil() && !given.is_number()) || !(n >= 0) || n != std::floor(n)) {
      return wrong(std::string(name) + " is a whole number of at least 0");
    }
    page += n;
  }
  // As published: deep pages cost every shard all pages before.
  if (page > 10000) return wrong("from + size is at most 10000");
  request.size = static_cast<std::size_t>(page);
  const Value& sort = body["sort"];
  if (sort.is_string()) {
    request.sort = std::string(sort.string());
  } else if (sort.is_map()) {
    if (!sort["field"].is_string()) return wrong("sort is a field, or { field =, order = 'asc' | 'desc' }");
    request.sort = std::string(sort["field"].string());
    request.descending = sort["order"] == Value("desc");
  } else if (!sort.is_nil()) {
    return wrong("sort is a field, or { field =, order = 'asc' | 'desc' }");
  }
  if (!body["facets"].is_nil() && !body["facets"].is_map()) {
    return wrong("facets is { NAME = { terms = FIELD } }");
  }
  static const std::vector<std::string> known = {"histogram", "interval", "size", "stats", "terms"};
  for (const auto& [name, facet] : map_of(body["facets"])) {
    int kinds = 0;
    for (const char* kind : {"terms", "histogram", "stats"}) {
      if (facet[kind].is_nil()) continue;
      ++kinds;
      if (!facet[kind].is_string()) return wrong("the facet '" + name + "' names a field");
    }
    if (kinds != 1) return wrong("the facet '" + name + "' has terms, histogram or stats, one of them");
    for (const auto& [field, value] : map_of(facet)) {
      if (std::find(known.begin(), known.end(), field) == known.end()) {
        return wrong("the facet '" + name + "' has no '" + field + "'" + did_you_mean(field, known));
      }
    }
    if (!facet["histogram"].is_nil() && !(facet["interval"].is_number() && facet["interval"].number() > 0)) {
      return wrong("the histogram '" + name + "' has an interval above 0");
    }
    if (!facet["size"].is_nil() && !(facet["size"].is_number() && facet["size"].number() >= 1)) {
      return wrong("the size of the facet '" + name + "' is at least 1");
    }
  }
  request.facets = body["facets"];
  return request;
}

// ---- writing

SearchShard::SearchShard(SearchShardOptions options) : options_(std::move(options)) {}

void SearchShard::written(Instant now) {
  if (options_.refresh == Duration::zero() || refresh_at_ != Instant::max()) return;
  const Duration since = now.time_since_epoch() - options_.phase;
  const std::int64_t turn = since.count() < 0 ? 0 : since / options_.refresh + 1;
  refresh_at_ = Instant(options_.phase + turn * options_.refresh);
}

// What is visible of the id is dead from the next refresh on; what is in the buffer is dead at once.
void SearchShard::bury(const std::string& id) {
  const auto place = places_.find(id);
  if (place == places_.end() || place->second.deleted) return;
  if (place->second.segment != 0) {
    doomed_.emplace_back(place->second.segment, place->second.document);
  } else {
    buffer_[place->second.document].dead = true;
  }
}

bool SearchShard::put(Instant now, std::uint64_t seq, const std::string& id, Value document) {
  advance(now);
  const auto place = places_.find(id);
  if (place != places_.end() && place->second.seq >= seq) return false;
  bury(id);
  places_[id] = {seq, false, 0, static_cast<std::uint32_t>(buffer_.size())};
  buffer_.push_back({id, seq, std::move(document)});
  last_seq_ = std::max(last_seq_, seq);
  written(now);
  return true;
}

bool SearchShard::remove(Instant now, std::uint64_t seq, const std::string& id) {
  advance(now);
  const auto place = places_.find(id);
  if (place != places_.end() && place->second.seq >= seq) return false;
  bury(id);
  places_[id] = {seq, true, 0, 0};
  last_seq_ = std::max(last_seq_, seq);
  written(now);
  return true;
}

Value SearchShard::get(const std::string& id) const {
  const auto place = places_.find(id);
  if (place == places_.end() || place->second.deleted) return {};
  if (place->second.segment == 0) return buffer_[place->second.document].source;
  return find(place->second.segment)->documents[place->second.document].source;
}

Value::List SearchShard::dump() const {
  Value::List out;
  for (const auto& [id, place] : places_) {
    if (place.deleted) continue;
    out.push_back(Value::map({{"id", id}, {"seq", count(place.seq)}, {"doc", get(id)}}));
  }
  return out;
}

void SearchShard::advance(Instant now) {
  if (refresh_at_ <= now) refresh();
}

bool SearchShard::refresh() {
  refresh_at_ = Instant::max();
  if (buffer_.empty() && doomed_.empty()) return false;
  ++refreshes_;
  for (const auto& [number, document] : doomed_) {
    Segment* s = find(number);
    s->documents[document].dead = true;
    ++s->dead;
  }
  doomed_.clear();
  std::vector<Document> live;
  for (Document& d : buffer_) {
    if (!d.dead) live.push_back(std::move(d));
  }
  buffer_.clear();
  if (!live.empty()) {
    const SegmentPtr made = build(std::move(live));
    written_bytes_ += made->bytes;
    segments_.push_back(made);
  }
  std::erase_if(segments_, [](const SegmentPtr& s) { return s->dead == s->documents.size(); });
  merge_as_needed();
  return true;
}

SearchShard::Segment* SearchShard::find(std::uint64_t number) const {
  const auto found = std::find_if(segments_.begin(), segments_.end(),
                                  [&](const SegmentPtr& s) { return s->number == number; });
  SYSLAB_ASSERT(found != segments_.end());
  return found->get();
}

void SearchShard::index_value(FieldIndex& field, const SearchField& options, const Value& value,
                              std::uint32_t doc, std::uint32_t& length, std::uint32_t& position,
                              std::map<std::string, std::vector<std::uint32_t>>& terms) {
  if (value.is_number() && options.type != SearchField::Type::keyword) {
    if (std::isfinite(value.number())) field.numbers.emplace_back(value.number(), doc);
    return;
  }
  if (options.type == SearchField::Type::number) return;
  if (options.type == SearchField::Type::keyword || !value.is_string()) {
    terms[term_of(value)].push_back(position++);
    ++length;
    return;
  }
  std::uint32_t last = position;
  for (const Token& token : options.analyzer.tokens(value.string())) {
    terms[token.text].push_back(position + token.position);
    last = position + token.position + 1;
    ++length;
  }
  position = last + 100;  // as published: no phrase goes over from one value to the next
}

SearchShard::SegmentPtr SearchShard::build(std::vector<Document> documents) {
  auto segment = std::make_shared<Segment>();
  segment->number = next_segment_++;
  for (std::uint32_t doc = 0; doc < documents.size(); ++doc) {
    segment->bytes += static_cast<double>(documents[doc].source.size_bytes());
    for (const auto& [name, value] : map_of(documents[doc].source)) {
      FieldIndex& field = segment->fields[name];
      std::map<std::string, std::vector<std::uint32_t>> terms;
      std::uint32_t length = 0, position = 0;
      bool present = false;
      each_value(value, [&](const Value& one) {
        present = true;
        index_value(field, options_.mapping.field(name), one, doc, length, position, terms);
      });
      if (present) field.present.push_back(doc);
      for (auto& [term, positions] : terms) {
        Postings& p = field.terms[term];
        if (p.starts.empty()) p.starts.push_back(0);
        p.docs.push_back(doc);
        p.positions.insert(p.positions.end(), positions.begin(), positions.end());
        p.starts.push_back(static_cast<std::uint32_t>(p.positions.size()));
      }
      if (!terms.empty()) {
        field.lengths.resize(documents.size());
        field.lengths[doc] = length_to_byte(length);
        field.statistics.documents += 1;
        field.statistics.length += length;
      }
    }
    places_[documents[doc].id] = {documents[doc].seq, false, segment->number, doc};
  }
  for (auto& [name, field] : segment->fields) {
    field.lengths.resize(documents.size());
    std::sort(field.numbers.begin(), field.numbers.end());
  }
  segment->documents = std::move(documents);
  return segment;
}

// ---- merging

// Comes right after a refresh, so that nothing waits to be marked in the segments that go.
void SearchShard::merge(std::vector<SegmentPtr> chosen) {
  SYSLAB_ASSERT(buffer_.empty() && doomed_.empty());
  // In the order in which they are, so that ties stay as they were.
  std::sort(chosen.begin(), chosen.end(),
            [](const SegmentPtr& a, const SegmentPtr& b) { return a->number < b->number; });
  std::vector<Document> live;
  for (const SegmentPtr& s : chosen) {
    for (Document& d : s->documents) {
      if (!d.dead) live.push_back(std::move(d));
    }
  }
  ++merges_;
  std::erase_if(segments_, [&](const SegmentPtr& s) {
    return std::find(chosen.begin(), chosen.end(), s) != chosen.end();
  });
  if (live.empty()) return;
  segments_.push_back(build(std::move(live)));
  merged_bytes_ += segments_.back()->bytes;
}

void SearchShard::merge_as_needed() {
  while (true) {
    std::vector<SegmentPtr> sorted = segments_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const SegmentPtr& a, const SegmentPtr& b) {
      return a->live_bytes() > b->live_bytes();
    });
    const auto size = [&](const SegmentPtr& s) { return std::max(s->live_bytes(), options_.floor_bytes); };
    // Segments that are over half of the largest allowed size are left alone.
    std::erase_if(sorted,
                  [&](const SegmentPtr& s) { return s->live_bytes() > options_.segment_bytes_max / 2; });
    if (sorted.size() < 2) return;
    double left = 0;
    for (const SegmentPtr& s : sorted) left += size(s);
    double level = size(sorted.back()), allowed = 0;
    while (true) {
      const double there = left / level;
      if (there < static_cast<double>(options_.segments_per_tier)) {
        allowed += std::ceil(there);
        break;
      }
      allowed += static_cast<double>(options_.segments_per_tier);
      left -= static_cast<double>(options_.segments_per_tier) * level;
      level *= static_cast<double>(options_.merge_at_once);
    }
    allowed = std::max(allowed, static_cast<double>(options_.segments_per_tier));
    if (static_cast<double>(sorted.size()) <= allowed) return;
    double best = 0;
    std::vector<SegmentPtr> chosen;
    for (std::size_t from = 0; from + 2 <= sorted.size(); ++from) {
      std::vector<SegmentPtr> candidate;
      double live = 0, whole = 0, floored = 0;
      for (std::size_t i = from; i < sorted.size() && candidate.size() < options_.merge_at_once; ++i) {
        if (live + sorted[i]->live_bytes() > options_.segment_bytes_max) continue;
        candidate.push_back(sorted[i]);
        live += sorted[i]->live_bytes();
        whole += sorted[i]->bytes;
        floored += size(sorted[i]);
      }
      if (candidate.size() < 2) continue;
      // Lucene's score, the lowest wins: even sizes, small ones rather than large ones, many tombstones.
      const double skew = size(candidate.front()) / floored;
      const double score =
          skew * exact_pow(std::max(live, 1.0), 0.05) * exact_pow(whole > 0 ? live / whole : 1, 2);
      if (chosen.empty() || score < best) {
        best = score;
        chosen = std::move(candidate);
      }
    }
    if (chosen.empty()) return;
    merge(std::move(chosen));
  }
}

void SearchShard::merge_to(std::size_t wanted) {
  refresh();
  while (segments_.size() > std::max<std::size_t>(wanted, 1)) {
    std::vector<SegmentPtr> sorted = segments_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const SegmentPtr& a, const SegmentPtr& b) {
      return a->live_bytes() < b->live_bytes();
    });
    sorted.resize(std::min(sorted.size(), segments_.size() - std::max<std::size_t>(wanted, 1) + 1));
    merge(std::move(sorted));
  }
  // Tombstones of what is left go, too.
  const std::vector<SegmentPtr> left = segments_;
  for (const SegmentPtr& s : left) {
    if (s->dead > 0) merge({s});
  }
}

// ---- searching

double SearchShard::idf(const SearchQuery& q, const SearchStatistics& statistics) const {
  const auto field = statistics.fields.find(q.field);
  const double documents = field == statistics.fields.end() ? 0 : field->second.documents;
  double sum = 0;
  for (const auto& word : q.words) {
    const auto found = statistics.documents.find({q.field, word.term});
    const double n = found == statistics.documents.end() ? 0 : found->second;
    sum += exact_log(1 + (documents - n + 0.5) / (n + 0.5));
  }
  return sum;
}

double SearchShard::tf(double frequency, std::uint8_t length, const SearchStatistics::Field& field) const {
  const double average = field.documents > 0 ? field.length / field.documents : 1;
  const double k1 = options_.mapping.k1, b = options_.mapping.b;
  return frequency / (frequency + k1 * (1 - b + b * static_cast<double>(byte_to_length(length)) / average));
}

SearchStatistics SearchShard::statistics(const SearchQuery& query) const {
  SearchStatistics out;
  query.each_scoring([&](const SearchQuery& q) {
    auto& field = out.fields[q.field];
    field = {};
    for (const SegmentPtr& s : segments_) {
      const auto found = s->fields.find(q.field);
      if (found == s->fields.end()) continue;
      field.documents += found->second.statistics.documents;
      field.length += found->second.statistics.length;
    }
    for (const auto& word : q.words) {
      double n = 0;
      for (const SegmentPtr& s : segments_) {
        const auto found = s->fields.find(q.field);
        if (found == s->fields.end()) continue;
        const auto term = found->second.terms.find(word.term);
        if (term != found->second.terms.end()) n += static_cast<double>(term->second.docs.size());
      }
      out.documents[{q.field, word.term}] = n;
    }
  });
  return out;
}

SearchShard::Matches SearchShard::evaluate(const Segment& s, const SearchQuery& q,
                                           const SearchStatistics& statistics) const {
  Matches out;
  if (q.kind == SearchQuery::Kind::none) return out;
  if (q.kind == SearchQuery::Kind::all) {
    for (std::uint32_t doc = 0; doc < s.documents.size(); ++doc) out.push_back({doc, q.boost});
    return out;
  }
  if (q.kind == SearchQuery::Kind::boolean) return evaluate_boolean(s, q, statistics);
  const auto found = s.fields.find(q.field);
  if (found == s.fields.end()) return out;
  const FieldIndex& field = found->second;
  switch (q.kind) {
    case SearchQuery::Kind::term: {
      const auto term = field.terms.find(q.words[0].term);
      if (term == field.terms.end()) return out;
      const Postings& p = term->second;
      const double weight = q.constant ? q.boost : q.boost * idf(q, statistics);
      const auto of = statistics.fields.find(q.field);
      for (std::size_t i = 0; i < p.docs.size(); ++i) {
        const double frequency = p.starts[i + 1] - p.starts[i];
        const double score = q.constant || of == statistics.fields.end()
                                 ? weight
                                 : weight * tf(frequency, field.lengths[p.docs[i]], of->second);
        out.push_back({p.docs[i], score});
      }
      break;
    }
    case SearchQuery::Kind::phrase:
      return evaluate_phrase(s, q, statistics);
    case SearchQuery::Kind::prefix: {
      std::set<std::uint32_t> docs;
      const std::string& prefix = q.words[0].term;
      for (auto term = field.terms.lower_bound(prefix);
           term != field.terms.end() && term->first.starts_with(prefix); ++term) {
        docs.insert(term->second.docs.begin(), term->second.docs.end());
      }
      for (const std::uint32_t doc : docs) out.push_back({doc, q.boost});
      break;
    }
    case SearchQuery::Kind::range:
      return evaluate_range(s, q);
    case SearchQuery::Kind::exists:
      for (const std::uint32_t doc : field.present) out.push_back({doc, q.boost});
      break;
    case SearchQuery::Kind::all:
    case SearchQuery::Kind::none:
    case SearchQuery::Kind::boolean:
      break;
  }
  return out;
}

SearchShard::Matches SearchShard::evaluate_range(const Segment& s, const SearchQuery& q) const {
  const FieldIndex& field = s.fields.find(q.field)->second;
  const auto within = [&](const auto& value, const auto& as) {
    if (!q.low.is_nil() && (value < as(q.low) || (q.low_open && value == as(q.low)))) return false;
    return q.high.is_nil() || (value < as(q.high) || (!q.high_open && value == as(q.high)));
  };
  std::set<std::uint32_t> docs;
  if ((q.low.is_nil() ? q.high : q.low).is_number()) {
    const auto as = [](const Value& v) { return v.number(); };
    auto at = field.numbers.begin();
    if (!q.low.is_nil())
      at = std::lower_bound(at, field.numbers.end(), std::pair(q.low.number(), std::uint32_t{0}));
    for (; at != field.numbers.end(); ++at) {
      if (within(at->first, as)) {
        docs.insert(at->second);
      } else if (!q.high.is_nil() && at->first > q.high.number()) {
        break;
      }
    }
  } else {
    const auto as = [](const Value& v) { return std::string(v.string()); };
    auto term = q.low.is_nil() ? field.terms.begin() : field.terms.lower_bound(as(q.low));
    for (; term != field.terms.end() && (q.high.is_nil() || term->first <= as(q.high)); ++term) {
      if (within(term->first, as)) docs.insert(term->second.docs.begin(), term->second.docs.end());
    }
  }
  Matches out;
  for (const std::uint32_t doc : docs) out.push_back({doc, q.boost});
  return out;
}

// How often the words of the phrase stand in their order: each time counts 1 / (1 + how far they are apart).
double SearchShard::phrase_frequency(const std::vector<const Postings*>& words,
                                     const std::vector<std::size_t>& at, const SearchQuery& q) const {
  double frequency = 0;
  const Postings& first = *words[0];
  for (std::uint32_t i = first.starts[at[0]]; i < first.starts[at[0] + 1]; ++i) {
    std::uint32_t gap = 0, place = first.positions[i];
    bool all = true;
    for (std::size_t w = 1; w < words.size() && all; ++w) {
      const auto begin = words[w]->positions.begin() + words[w]->starts[at[w]];
      const auto end = words[w]->positions.begin() + words[w]->starts[at[w] + 1];
      const std::uint32_t wanted = place + q.words[w].position - q.words[w - 1].position;
      const auto found = std::lower_bound(begin, end, wanted);
      all = found != end && gap + (*found - wanted) <= q.slop;
      if (all) {
        gap += *found - wanted;
        place = *found;
      }
    }
    if (all) frequency += 1.0 / (1.0 + gap);
  }
  return frequency;
}

SearchShard::Matches SearchShard::evaluate_phrase(const Segment& s, const SearchQuery& q,
                                                  const SearchStatistics& statistics) const {
  const FieldIndex& field = s.fields.find(q.field)->second;
  std::vector<const Postings*> words;
  for (const auto& word : q.words) {
    const auto term = field.terms.find(word.term);
    if (term == field.terms.end()) return {};
    words.push_back(&term->second);
  }
  Matches out;
  const double weight = q.boost * idf(q, statistics);
  const auto of = statistics.fields.find(q.field);
  for (std::size_t i = 0; i < words[0]->docs.size(); ++i) {
    const std::uint32_t doc = words[0]->docs[i];
    std::vector<std::size_t> at = {i};
    for (std::size_t w = 1; w < words.size(); ++w) {
      const auto found = std::lower_bound(words[w]->docs.begin(), words[w]->docs.end(), doc);
      if (found == words[w]->docs.end() || *found != doc) break;
      at.push_back(static_cast<std::size_t>(found - words[w]->docs.begin()));
    }
    if (at.size() < words.size()) continue;
    const double frequency = phrase_frequency(words, at, q);
    if (frequency > 0) {
      out.push_back({doc, of == statistics.fields.end()
                              ? weight
                              : weight * tf(frequency, field.lengths[doc], of->second)});
    }
  }
  return out;
}

SearchShard::Matches SearchShard::evaluate_boolean(const Segment& s, const SearchQuery& q,
                                                   const SearchStatistics& statistics) const {
  struct Sum {
    double score = 0;
    std::size_t required = 0, should = 0;
    bool forbidden = false;
  };
  const std::size_t required = q.must.size() + q.filter.size();
  std::vector<Sum> sums(s.documents.size());
  for (const SearchQuery& part : q.must) {
    for (const Scored& m : evaluate(s, part, statistics)) {
      sums[m.doc].score += m.score;
      ++sums[m.doc].required;
    }
  }
  for (const SearchQuery& part : q.filter) {
    for (const Scored& m : evaluate(s, part, statistics)) ++sums[m.doc].required;
  }
  for (const SearchQuery& part : q.should) {
    for (const Scored& m : evaluate(s, part, statistics)) {
      sums[m.doc].score += m.score;
      ++sums[m.doc].should;
    }
  }
  for (const SearchQuery& part : q.must_not) {
    for (const Scored& m : evaluate(s, part, statistics)) sums[m.doc].forbidden = true;
  }
  Matches out;
  for (std::uint32_t doc = 0; doc < sums.size(); ++doc) {
    const Sum& sum = sums[doc];
    if (sum.required == required && sum.should >= q.minimum && !sum.forbidden)
      out.push_back({doc, sum.score * q.boost});
  }
  return out;
}

// ---- facets: while they are partial {NAME = {VALUE = count ...}}, or {NAME = {count, sum, min, max}} of
// stats

namespace {

void count_facets(const Value& asked, const Value& source,
                  std::map<std::string, std::map<std::string, double>>& counts,
                  std::map<std::string, std::vector<double>>& numbers) {
  for (const auto& [name, facet] : map_of(asked)) {
    const char* kind = !facet["terms"].is_nil()       ? "terms"
                       : !facet["histogram"].is_nil() ? "histogram"
                                                      : "stats";
    std::set<std::string> seen;  // a document counts once for each value
    each_value(source[facet[kind].string()], [&](const Value& value) {
      if (kind == std::string_view("terms")) {
        seen.insert(value.json());
      } else if (value.is_number() && kind == std::string_view("histogram")) {
        const double interval = facet["interval"].number();
        seen.insert(Value(std::floor(value.number() / interval) * interval).json());
      } else if (value.is_number()) {
        numbers[name].push_back(value.number());
      }
    });
    for (const std::string& value : seen) counts[name][value] += 1;
  }
}

// The most frequent first, then by value.
std::vector<std::pair<std::string, double>> ranked(const Value& counts) {
  std::vector<std::pair<std::string, double>> out;
  for (const auto& [value, n] : map_of(counts)) out.emplace_back(value, n.number());
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return out;
}

Value add_stats(const Value& a, const Value& b) {
  if (a.is_nil()) return b;
  if (b.is_nil()) return a;
  return Value::map({{"count", a["count"].number() + b["count"].number()},
                     {"sum", a["sum"].number() + b["sum"].number()},
                     {"min", std::min(a["min"].number(), b["min"].number())},
                     {"max", std::max(a["max"].number(), b["max"].number())}});
}

}  // namespace

SearchResult SearchShard::search(const SearchRequest& request, const SearchStatistics& statistics) const {
  struct Found {
    SearchHit hit;
    std::size_t order;
  };
  SearchResult result;
  std::vector<Found> found;
  std::map<std::string, std::map<std::string, double>> counts;
  std::map<std::string, std::vector<double>> numbers;
  for (const SegmentPtr& s : segments_) {
    for (const Scored& m : evaluate(*s, request.query, statistics)) {
      const Document& d = s->documents[m.doc];
      if (d.dead) continue;
      ++result.total;
      if (!request.facets.is_nil()) count_facets(request.facets, d.source, counts, numbers);
      SearchHit hit{.score = m.score, .id = d.id};
      if (!request.sort.empty())
        hit.sort = d.source[request.sort].is_list() ? Value() : d.source[request.sort];
      found.push_back({std::move(hit), found.size()});
    }
  }
  const auto better = [&](const Found& a, const Found& b) {
    if (!request.sort.empty()) {
      if (sorts_before(a.hit.sort, b.hit.sort, request.descending)) return true;
      if (sorts_before(b.hit.sort, a.hit.sort, request.descending)) return false;
    } else if (a.hit.score != b.hit.score) {
      return a.hit.score > b.hit.score;
    }
    return a.order < b.order;
  };
  const std::size_t n = std::min(request.size, found.size());
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(n), found.end(), better);
  for (std::size_t i = 0; i < n; ++i) result.hits.push_back(std::move(found[i].hit));
  Value::Map facets;
  for (const auto& [name, facet] : map_of(request.facets)) {
    if (!facet["stats"].is_nil()) {
      const std::vector<double>& all = numbers[name];
      if (all.empty()) continue;
      double sum = 0;
      for (const double x : all) sum += x;
      facets.emplace_back(name, Value::map({{"count", count(all.size())},
                                            {"sum", sum},
                                            {"min", *std::min_element(all.begin(), all.end())},
                                            {"max", *std::max_element(all.begin(), all.end())}}));
      continue;
    }
    Value::Map values;
    for (const auto& [value, times] : counts[name]) values.emplace_back(value, times);
    Value partial = Value::map(std::move(values));
    if (!facet["terms"].is_nil()) {
      // As published: each shard tells only its best size x 1.5 + 10.
      const double size = facet["size"].is_number() ? facet["size"].number() : 10;
      auto best = ranked(partial);
      best.resize(std::min(best.size(), static_cast<std::size_t>(size * 1.5 + 10)));
      Value::Map kept;
      for (const auto& [value, times] : best) kept.emplace_back(value, times);
      partial = Value::map(std::move(kept));
    }
    facets.emplace_back(name, std::move(partial));
  }
  result.facets = Value::map(std::move(facets));
  return result;
}

SearchResult merge_results(std::vector<SearchResult> results, const SearchRequest& request) {
  SearchResult out;
  out.facets = Value::map({});
  for (SearchResult& one : results) {
    out.total += one.total;
    for (SearchHit& hit : one.hits) out.hits.push_back(std::move(hit));
    for (const auto& [name, partial] : map_of(one.facets)) {
      Value sum = out.facets[name];
      if (!request.facets[name]["stats"].is_nil()) {
        sum = add_stats(sum, partial);
      } else {
        for (const auto& [value, n] : map_of(partial)) {
          const Value& before = sum[value];
          sum = sum.with(value, n.number() + (before.is_number() ? before.number() : 0));
        }
        if (sum.is_nil()) sum = Value::map({});
      }
      out.facets = out.facets.with(name, std::move(sum));
    }
  }
  std::stable_sort(out.hits.begin(), out.hits.end(), [&](const SearchHit& a, const SearchHit& b) {
    if (!request.sort.empty()) return sorts_before(a.sort, b.sort, request.descending);
    return a.score > b.score;
  });
  if (out.hits.size() > request.size) out.hits.resize(request.size);
  return out;
}

Value finish_facets(const Value& merged, const Value& asked) {
  Value::Map out;
  for (const auto& [name, facet] : map_of(asked)) {
    const Value& found = merged[name];
    if (!facet["stats"].is_nil()) {
      out.emplace_back(name, found.is_nil()
                                 ? Value::map({{"count", 0}})
                                 : found.with("mean", found["sum"].number() / found["count"].number()));
      continue;
    }
    auto values = ranked(found);
    if (!facet["terms"].is_nil()) {
      const double size = facet["size"].is_number() ? facet["size"].number() : 10;
      values.resize(std::min(values.size(), static_cast<std::size_t>(size)));
    }
    Value::List list;
    for (const auto& [value, n] : values) {
      const auto parsed = Value::parse_json(value);
      list.push_back(Value::map({{"value", parsed ? *parsed : Value(value)}, {"count", n}}));
    }
    if (!facet["histogram"].is_nil()) {
      std::sort(list.begin(), list.end(),
                [](const Value& a, const Value& b) { return a["value"] < b["value"]; });
    }
    out.emplace_back(name, Value::list(std::move(list)));
  }
  return Value::map(std::move(out));
}

Value SearchShard::explain(const std::string& id, const SearchQuery& query,
                           const SearchStatistics& statistics) const {
  for (const SegmentPtr& s : segments_) {
    for (std::uint32_t doc = 0; doc < s->documents.size(); ++doc) {
      if (s->documents[doc].id != id || s->documents[doc].dead) continue;
      const auto score_of = [&](const SearchQuery& q) -> std::optional<double> {
        const Matches matches = evaluate(*s, q, statistics);
        const auto found = std::lower_bound(matches.begin(), matches.end(), doc,
                                            [](const Scored& m, std::uint32_t d) { return m.doc < d; });
        return found != matches.end() && found->doc == doc ? std::optional(found->score) : std::nullopt;
      };
      const auto total = score_of(query);
      if (!total) return {};
      Value::List clauses;
      query.each_scoring([&](const SearchQuery& q) {
        const auto score = score_of(q);
        if (!score) return;
        const auto& of = statistics.fields.at(q.field);
        std::string term;
        double n = 0;
        for (const auto& word : q.words) {
          term += (term.empty() ? "" : " ") + word.term;
          n = statistics.documents.at({q.field, word.term});
        }
        const double weight = idf(q, statistics);
        clauses.push_back(Value::map({{"field", q.field},
                                      {"term", term},
                                      {"length", count(byte_to_length(s->fields.at(q.field).lengths[doc]))},
                                      {"average", of.length / of.documents},
                                      {"N", of.documents},
                                      {"n", n},
                                      {"idf", weight},
                                      {"tf", weight * q.boost > 0 ? *score / (weight * q.boost) : 0},
                                      {"boost", q.boost},
                                      {"score", *score}}));
      });
      return Value::map({{"score", *total}, {"clauses", Value::list(std::move(clauses))}});
    }
  }
  return {};
}

Value highlight(const std::string& field, const Value& text, const SearchQuery& query,
                const SearchMapping& mapping) {
  if (!text.is_string()) return {};
  std::set<std::string> wanted;
  query.each_scoring([&](const SearchQuery& q) {
    if (q.field != field) return;
    for (const auto& word : q.words) wanted.insert(word.term);
  });
  std::string out;
  std::size_t done = 0;
  bool any = false;
  const SearchField& options = mapping.field(field);
  Analyzer whole;
  whole.tokenizer = Analyzer::Tokenizer::keyword;
  whole.lower = false;
  const Analyzer& analyzer = options.type == SearchField::Type::keyword ? whole : options.analyzer;
  for (const Token& token : analyzer.tokens(text.string())) {
    if (token.start < done || !wanted.contains(token.text)) continue;
    out += text.string().substr(done, token.start - done);
    out += "<em>" + std::string(text.string().substr(token.start, token.end - token.start)) + "</em>";
    done = token.end;
    any = true;
  }
  if (!any) return {};
  out += text.string().substr(done);
  return Value(out);
}

Value SearchShard::describe() const {
  Value::List segments;
  std::size_t documents = 0, dead = 0;
  for (const SegmentPtr& s : segments_) {
    documents += s->documents.size() - s->dead;
    dead += s->dead;
    segments.push_back(Value::map({{"number", count(s->number)},
                                   {"documents", count(s->documents.size() - s->dead)},
                                   {"deleted", count(s->dead)},
                                   {"bytes", s->bytes}}));
  }
  std::size_t buffered = 0;
  for (const Document& d : buffer_) buffered += d.dead ? 0 : 1;
  return Value::map({{"documents", count(documents)},
                     {"buffered", count(buffered)},
                     {"deleted", count(dead)},
                     {"segments", Value::list(std::move(segments))},
                     {"refreshes", count(refreshes_)},
                     {"merges", count(merges_)},
                     {"merged_bytes", merged_bytes_},
                     {"written_bytes", written_bytes_}});
}

void SearchShard::check_invariants() const {
  std::map<std::string, std::uint64_t> alive;
  for (const SegmentPtr& s : segments_) {
    std::size_t dead = 0;
    for (const Document& d : s->documents) {
      dead += d.dead ? 1 : 0;
      if (!d.dead) SYSLAB_ASSERT(alive.emplace(d.id, s->number).second);
    }
    SYSLAB_ASSERT(dead == s->dead);
    SYSLAB_ASSERT(s->dead < s->documents.size());
  }
  for (const auto& [id, place] : places_) {
    if (place.deleted) continue;
    if (place.segment == 0) {
      SYSLAB_ASSERT(buffer_[place.document].id == id && !buffer_[place.document].dead);
    } else {
      SYSLAB_ASSERT(find(place.segment)->documents[place.document].id == id);
      SYSLAB_ASSERT(alive.at(id) == place.segment);
    }
  }
  for (const auto& [id, segment] : alive) SYSLAB_ASSERT(places_.contains(id));
}

}  // namespace syslab

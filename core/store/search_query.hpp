// SearchQuery: what is asked of an index, as a tree.
//
// Written as a map with one entry, the kind of query:
//
//   {match = {FIELD = TEXT}}, {match = {FIELD = {query, operator = "and", boost, minimum}}}
//   {phrase = {FIELD = TEXT}}, {phrase = {FIELD = {query, slop, boost}}}
//   {term = {FIELD = VALUE}}, {terms = {FIELD = {VALUES}}}, {prefix = {FIELD = TEXT}}, {exists = FIELD}
//   {range = {FIELD = {gte, gt, lte, lt}}}       numbers, or texts by their bytes
//   {bool = {must, should, must_not, filter, minimum, boost}}     each a query or a list of them
//   {match_all = {}}
//
// Scores: terms by BM25; a phrase as one term whose idf is the sum of its words'; prefix, range, exists,
// terms and match_all give their boost; filter and must_not give none.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/value.hpp"
#include "core/store/search_analyzer.hpp"

namespace syslab {

struct SearchField {
  enum class Type : std::uint8_t { text, keyword, number };
  Type type = Type::text;
  Analyzer analyzer = {};
  Analyzer query_analyzer = {};  // usually the same
};

struct SearchMapping {
  std::map<std::string, SearchField> fields = {};
  double k1 = 1.2;
  double b = 0.75;

  // Fields that nobody declared: texts are text, standard analyzer.
  const SearchField& field(const std::string& name) const;
  // {FIELD = "text" | "keyword" | "number" | {type, analyzer, query_analyzer}}. Errors: malformed.
  static Expected<SearchMapping> parse(const Value& fields);
};

struct SearchQuery {
  enum class Kind : std::uint8_t { all, none, term, phrase, prefix, range, exists, boolean };
  struct Word {
    std::string term;
    std::uint32_t position = 0;  // in the phrase
  };

  Kind kind = Kind::all;
  std::string field = {};
  std::vector<Word> words = {};  // one of a term or a prefix
  double boost = 1;
  bool constant = false;  // a term that does not score
  std::uint32_t slop = 0;
  // Of a range: numbers where `numeric`, else texts; nil is open.
  Value low = {}, high = {};
  bool low_open = false, high_open = false;
  // Of a boolean.
  std::vector<SearchQuery> must = {}, should = {}, must_not = {}, filter = {};
  std::size_t minimum = 0;

  // Errors: parsing_exception, which names what is wrong.
  static Expected<SearchQuery> parse(const Value& value, const SearchMapping& mapping);

  // Calls visit(query) for every term and phrase that scores.
  template <class Visit>
  void each_scoring(Visit&& visit) const {
    if ((kind == Kind::term && !constant) || kind == Kind::phrase) visit(*this);
    for (const auto* group : {&must, &should}) {
      for (const SearchQuery& q : *group) q.each_scoring(visit);
    }
  }
};

}  // namespace syslab

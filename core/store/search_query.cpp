#include "core/store/search_query.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/nearest.hpp"

namespace syslab {
namespace {

Error wrong(std::string message) {
  return Error{"parsing_exception", std::move(message), true};
}

std::string field_names(const std::string& kind) {
  return kind + " is { FIELD = ... }, one field";
}

// The text of a keyword as it is indexed.
std::string term_of(const Value& value) {
  return value.is_string() ? std::string(value.string()) : value.json();
}

Expected<double> number_of(const Value& options, const char* name, double otherwise) {
  const Value& given = options[name];
  if (given.is_nil()) return otherwise;
  if (!given.is_number() || !std::isfinite(given.number()) || given.number() < 0) {
    return wrong(std::string(name) + " is a number of at least 0");
  }
  return given.number();
}

Expected<bool> only(const Value& map, const std::vector<std::string>& known, const std::string& what) {
  for (const auto& [field, value] : map.is_map() ? map.map() : Value::Map{}) {
    if (std::find(known.begin(), known.end(), field) == known.end()) {
      return wrong(what + " has no '" + field + "'" + did_you_mean(field, known));
    }
  }
  return true;
}

SearchQuery term_query(const std::string& field, std::string term, double boost, bool constant) {
  SearchQuery q;
  q.kind = SearchQuery::Kind::term;
  q.field = field;
  q.words = {{std::move(term), 0}};
  q.boost = boost;
  q.constant = constant;
  return q;
}

// A number of a number field is a range from it to itself.
SearchQuery equal_query(const std::string& field, const Value& number, double boost) {
  SearchQuery q;
  q.kind = SearchQuery::Kind::range;
  q.field = field;
  q.low = q.high = number;
  q.boost = boost;
  return q;
}

#define SYSLAB_TAKE(variable, expression)           \
  auto variable##_or = (expression);                \
  if (!variable##_or) return variable##_or.error(); \
  auto& variable = *variable##_or

Expected<SearchQuery> parse_text(const std::string& kind, const std::string& field, const Value& given,
                                 const SearchMapping& mapping) {
  const bool phrase = kind == "phrase";
  Value text = given;
  double boost = 1, slop = 0, minimum = 0;
  bool all = false;
  if (given.is_map()) {
    SYSLAB_TAKE(known, only(given,
                            phrase ? std::vector<std::string>{"boost", "query", "slop"}
                                   : std::vector<std::string>{"boost", "minimum", "operator", "query"},
                            kind));
    (void)known;
    text = given["query"];
    SYSLAB_TAKE(b, number_of(given, "boost", 1));
    SYSLAB_TAKE(s, number_of(given, "slop", 0));
    SYSLAB_TAKE(m, number_of(given, "minimum", 0));
    boost = b;
    slop = s;
    minimum = m;
    if (!given["operator"].is_nil() && given["operator"] != Value("and") &&
        given["operator"] != Value("or")) {
      return wrong("operator is 'and' or 'or'");
    }
    all = given["operator"] == Value("and");
  }
  if (text.is_nil() || text.is_list() || text.is_map()) return wrong(kind + " looks for a text or a number");
  const SearchField& f = mapping.field(field);
  if (text.is_number() && f.type != SearchField::Type::keyword) return equal_query(field, text, boost);
  if (f.type == SearchField::Type::number) return wrong("'" + field + "' is a number");
  if (f.type == SearchField::Type::keyword) return term_query(field, term_of(text), boost, false);
  const std::vector<Token> tokens = f.query_analyzer.tokens(term_of(text));
  SearchQuery q;
  q.field = field;
  q.boost = boost;
  if (tokens.empty()) {
    q.kind = SearchQuery::Kind::none;
  } else if (tokens.size() == 1) {
    return term_query(field, tokens[0].text, boost, false);
  } else if (phrase) {
    q.kind = SearchQuery::Kind::phrase;
    q.slop = static_cast<std::uint32_t>(std::min(slop, 1e6));
    for (const Token& t : tokens) q.words.push_back({t.text, t.position - tokens[0].position});
  } else {
    q.kind = SearchQuery::Kind::boolean;
    for (const Token& t : tokens)
      (all ? q.must : q.should).push_back(term_query(field, t.text, boost, false));
    q.minimum = all ? 0 : std::max<std::size_t>(1, static_cast<std::size_t>(minimum));
    q.boost = 1;
  }
  return q;
}

Expected<SearchQuery> parse_range(const std::string& field, const Value& given) {
  SYSLAB_TAKE(known, only(given, {"boost", "gt", "gte", "lt", "lte"}, "range"));
  (void)known;
  if (!given.is_map()) return wrong("range is { FIELD = { gte =, gt =, lte =, lt = } }");
  SearchQuery q;
  q.kind = SearchQuery::Kind::range;
  q.field = field;
  SYSLAB_TAKE(boost, number_of(given, "boost", 1));
  q.boost = boost;
  for (const char* name : {"gte", "gt", "lte", "lt"}) {
    const Value& end = given[name];
    if (end.is_nil()) continue;
    if (!end.is_number() && !end.is_string()) return wrong("the ends of a range are numbers or texts");
    const bool low = name[0] == 'g';
    (low ? q.low : q.high) = end;
    (low ? q.low_open : q.high_open) = name[2] == 0;
  }
  if (q.low.is_nil() && q.high.is_nil()) return wrong("a range has at least one end");
  if (!q.low.is_nil() && !q.high.is_nil() && q.low.type() != q.high.type()) {
    return wrong("the ends of a range are both numbers or both texts");
  }
  return q;
}

Expected<std::vector<SearchQuery>> parse_list(const Value& given, const SearchMapping& mapping) {
  std::vector<SearchQuery> out;
  if (given.is_nil()) return out;
  const Value::List list = given.is_list() ? given.list() : Value::List{given};
  for (const Value& item : list) {
    SYSLAB_TAKE(q, SearchQuery::parse(item, mapping));
    out.push_back(std::move(q));
  }
  return out;
}

}  // namespace

const SearchField& SearchMapping::field(const std::string& name) const {
  static const SearchField undeclared;
  const auto found = fields.find(name);
  return found == fields.end() ? undeclared : found->second;
}

Expected<SearchMapping> SearchMapping::parse(const Value& given) {
  SearchMapping mapping;
  for (const auto& [name, value] : given.is_map() ? given.map() : Value::Map{}) {
    SearchField field;
    const Value type = value.is_map() ? value["type"] : value;
    if (type.is_nil() || type == Value("text")) {
      field.type = SearchField::Type::text;
    } else if (type == Value("keyword")) {
      field.type = SearchField::Type::keyword;
    } else if (type == Value("number")) {
      field.type = SearchField::Type::number;
    } else {
      return make_error("malformed", "'" + name + "' is of the type 'text', 'keyword' or 'number'");
    }
    if (value.is_map()) {
      static const std::vector<std::string> known = {"analyzer", "query_analyzer", "type"};
      for (const auto& [option, ignored] : value.map()) {
        if (std::find(known.begin(), known.end(), option) == known.end()) {
          return make_error("malformed",
                            "'" + name + "' has no '" + option + "'" + did_you_mean(option, known));
        }
      }
    }
    SYSLAB_TAKE(analyzer, Analyzer::parse(value["analyzer"]));
    SYSLAB_TAKE(query, Analyzer::parse(value["query_analyzer"].is_nil() ? value["analyzer"]
                                                                        : value["query_analyzer"]));
    field.analyzer = analyzer;
    field.query_analyzer = query;
    mapping.fields.emplace(name, std::move(field));
  }
  return mapping;
}

Expected<SearchQuery> SearchQuery::parse(const Value& value, const SearchMapping& mapping) {
  static const std::vector<std::string> kinds = {"bool",   "exists", "match", "match_all", "phrase",
                                                 "prefix", "range",  "term",  "terms"};
  if (value.is_nil()) return SearchQuery();
  if (!value.is_map() || value.map().size() != 1)
    return wrong("a query is a table with one entry, such as { match = { title = 'fox' } }");
  const std::string& kind = value.map()[0].first;
  const Value& given = value.map()[0].second;
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
    return wrong("there is no query '" + kind + "'" + did_you_mean(kind, kinds));
  }
  SearchQuery q;
  if (kind == "match_all") return q;
  if (kind == "exists") {
    if (!given.is_string()) return wrong("exists names a field");
    q.kind = Kind::exists;
    q.field = std::string(given.string());
    return q;
  }
  if (kind == "bool") {
    SYSLAB_TAKE(known, only(given, {"filter", "minimum", "must", "must_not", "should"}, "bool"));
    (void)known;
    q.kind = Kind::boolean;
    SYSLAB_TAKE(must, parse_list(given["must"], mapping));
    SYSLAB_TAKE(should, parse_list(given["should"], mapping));
    SYSLAB_TAKE(must_not, parse_list(given["must_not"], mapping));
    SYSLAB_TAKE(filter, parse_list(given["filter"], mapping));
    q.must = std::move(must);
    q.should = std::move(should);
    q.must_not = std::move(must_not);
    q.filter = std::move(filter);
    SYSLAB_TAKE(minimum,
                number_of(given, "minimum", q.must.empty() && q.filter.empty() && !q.should.empty() ? 1 : 0));
    q.minimum = static_cast<std::size_t>(std::min(minimum, 1e6));
    return q;
  }
  if (!given.is_map() || given.map().size() != 1) return wrong(field_names(kind));
  const std::string& field = given.map()[0].first;
  const Value& what = given.map()[0].second;
  if (kind == "match" || kind == "phrase") return parse_text(kind, field, what, mapping);
  if (kind == "range") return parse_range(field, what);
  const SearchField& f = mapping.field(field);
  if (kind == "terms") {
    if (!what.is_list()) return wrong("terms is { FIELD = { values } }");
    q.kind = Kind::boolean;
    for (const Value& one : what.list()) {
      q.filter.push_back(one.is_number() && f.type != SearchField::Type::keyword
                             ? equal_query(field, one, 1)
                             : term_query(field, term_of(one), 1, true));
    }
    // One of them, and all count the same: a filter on a should.
    SearchQuery any;
    any.kind = Kind::boolean;
    any.should = std::move(q.filter);
    any.minimum = 1;
    q.filter = {std::move(any)};
    SearchQuery all;
    q.must = {std::move(all)};
    return q;
  }
  if (what.is_nil() || what.is_list() || what.is_map()) return wrong(kind + " is { FIELD = VALUE }");
  if (kind == "prefix") {
    q.kind = Kind::prefix;
    q.field = field;
    q.words = {{term_of(what), 0}};
    return q;
  }
  if (what.is_number() && f.type != SearchField::Type::keyword) return equal_query(field, what, 1);
  return term_query(field, term_of(what), 1, false);
}

#undef SYSLAB_TAKE

}  // namespace syslab

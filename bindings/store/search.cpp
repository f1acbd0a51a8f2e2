#include "core/store/search.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bindings/host/convert.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/resilience/filter.hpp"
#include "core/store/search_service.hpp"

namespace syslab {
namespace {

Instant time_now(lua_State* L, const Arguments& a) {
  return Instant(from_seconds(a.number("now", LuaHost::of(L).seconds())));
}
Param now_param() {
  return number("now", "the time in seconds; it does not run backwards")
      .at_least(0)
      .at_most(9e9)
      .optional("the last world's");
}
Param id_param() {
  return string("id", "of the document");
}

int put(lua_State* L, SearchIndex& index, Arguments& a) {
  const auto done = index.put(time_now(L, a), a.string("id"), to_value(L, a.index_of("doc")));
  if (!done) return push_failure(L, done.error());
  lua_pushboolean(L, *done);
  return 1;
}

int update(lua_State* L, SearchIndex& index, Arguments& a) {
  const std::string id = a.string("id");
  Value document = index.get(id);
  if (document.is_nil()) return push_failure(L, make_error("not_found", "no document '" + id + "'"));
  const Value changes = to_value(L, a.index_of("doc"));
  for (const auto& [field, value] : changes.is_map() ? changes.map() : Value::Map{}) {
    document = document.with(field, value);
  }
  const auto done = index.put(time_now(L, a), id, document);
  if (!done) return push_failure(L, done.error());
  lua_pushboolean(L, 1);
  return 1;
}

int bulk(lua_State* L, SearchIndex& index, Arguments& a) {
  const Instant now = time_now(L, a);
  const Value docs = to_value(L, a.index_of("docs"));
  double n = 0;
  for (const Value& item : docs.is_list() ? docs.list() : Value::List{}) {
    if (!item["id"].is_string()) a.reject("docs", "expected { { id = 'a', doc = { ... } }, ... }");
    const auto done = index.put(now, std::string(item["id"].string()), item["doc"]);
    if (!done) a.reject("docs", done.error().message);
    ++n;
  }
  lua_pushnumber(L, n);
  return 1;
}

int remove(lua_State* L, SearchIndex& index, Arguments& a) {
  lua_pushboolean(L, index.remove(time_now(L, a), a.string("id")));
  return 1;
}

int get(lua_State* L, SearchIndex& index, Arguments& a) {
  push_value(L, index.get(a.string("id")));
  return 1;
}

int search(lua_State* L, SearchIndex& index, Arguments& a) {
  Value::Map body;
  for (const char* name : {"query", "size", "from", "sort", "facets", "highlight", "dfs", "explain"}) {
    if (a.has(name)) body.emplace_back(name, to_value(L, a.index_of(name)));
  }
  return push_result(L, index.search(time_now(L, a), Value::map(std::move(body))));
}

int refresh(lua_State*, SearchIndex& index) {
  index.refresh();
  return 0;
}

int merge(lua_State* L, SearchIndex& index, Arguments& a) {
  index.merge_to(a.count("segments", 1));
  push_value(L, index.describe());
  return 1;
}

int describe(lua_State* L, SearchIndex& index, Arguments& a) {
  index.advance(time_now(L, a));
  push_value(L, index.describe());
  return 1;
}

int push_tokens(lua_State* L, const Analyzer& analyzer, const std::string& text) {
  Value::List list;
  for (const Token& token : analyzer.tokens(text)) list.emplace_back(token.text);
  push_value(L, Value::list(std::move(list)));
  return 1;
}

int analyze(lua_State* L, SearchIndex& index, Arguments& a) {
  return push_tokens(L, index.options().shard.mapping.field(a.string("field")).analyzer, a.string("text"));
}

int shard_of_id(lua_State* L, SearchIndex& index, Arguments& a) {
  lua_pushnumber(L, static_cast<double>(shard_of(a.string("id"), index.options().shards)));
  return 1;
}

std::string show(lua_State* L, int at) {
  const SearchIndex* index = object_at<SearchIndex>(L, at);
  double documents = 0;
  const Value shards = index->describe();
  for (const Value& shard : shards.list()) documents += shard["documents"].number();
  return fmt::format("{} shards, {} documents", index->options().shards, documents);
}

const Type type{describe_type<SearchIndex>(
    "SearchIndex",
    "Documents that are found by their words, in shards of immutable segments. Time is an argument (left "
    "out, it is "
    "that of the last world). In a world, lab.store.search_node and lab.store.search_router serve it.",
    {
        method<&analyze>("analyze", {string("field", "whose analyzer"), string("text", "to be cut")},
                         "list of texts", "The terms that the text of a field becomes."),
        method<&bulk>("bulk", {list("docs", "{ { id =, doc = }, ... }"), now_param()}, "number",
                      "Indexes many documents; how many."),
        method<&remove>("delete", {id_param(), now_param()}, "boolean",
                        "Deletes a document; searches find it until the next refresh."),
        method<&describe>(
            "describe", {now_param()},
            "list of { documents, buffered, deleted, segments, refreshes, merges, merged_bytes, ... }",
            "What each shard consists of."),
        method<&get>("get", {id_param()}, "table | nil", "A document by its id, refreshed or not."),
        method<&put>("index", {id_param(), table("doc", "fields and their values"), now_param()},
                     "boolean | nil, err",
                     "Adds a document, or replaces it; whether it is new. Searches find it after a refresh."),
        method<&merge>("merge", {count("segments", "at most so many a shard").at_least(1).optional("1")},
                       "as describe", "Refreshes, and merges segments; tombstones go."),
        method<&refresh>("refresh", "()", "Makes what was written visible to searches."),
        method<&search>("search",
                        {value("query",
                               "{ match = { FIELD = TEXT } }, phrase, term, terms, prefix, range = { FIELD = "
                               "{ gte =, lt = } }, "
                               "exists, bool = { must =, should =, must_not =, filter = }, match_all")
                             .optional("all documents"),
                         count("size", "hits on a page").optional("10"),
                         count("from", "hits before the page").optional("0"),
                         value("sort", "a field, or { field =, order = 'desc' }").optional("by score"),
                         table("facets",
                               "{ NAME = { terms = FIELD, size = } | { histogram = FIELD, interval = } | { "
                               "stats = FIELD } }")
                             .optional("none"),
                         list("highlight", "fields whose matching words are marked").optional("none"),
                         boolean("dfs", "scores by the statistics of all shards").optional("false"),
                         boolean("explain", "how each score came about").optional("false"), now_param()},
                        "{ total, hits = { { id, score, doc, ... } }, facets, shards } | nil, err",
                        "The best documents."),
        method<&shard_of_id>("shard_of", {id_param()}, "number", "The shard where a document is, from 0."),
        method<&update>("update", {id_param(), table("doc", "fields that change"), now_param()},
                        "true | nil, err",
                        "Reads, changes and indexes a document again: a tombstone and a new document."),
    },
    show)};

std::shared_ptr<SearchIndex> make_index(lua_State* L, Arguments& a) {
  SearchIndexOptions o;
  o.shards = a.count("shards", o.shards);
  SearchShardOptions& s = o.shard;
  if (a.has("fields")) {
    const auto mapping = SearchMapping::parse(to_value(L, a.index_of("fields")));
    if (!mapping) a.reject("fields", mapping.error().message);
    s.mapping = *mapping;
  }
  s.mapping.k1 = a.number("k1", s.mapping.k1);
  s.mapping.b = a.number("b", s.mapping.b);
  s.refresh = a.duration("refresh", s.refresh);
  s.segments_per_tier = a.count("segments_per_tier", s.segments_per_tier);
  s.merge_at_once = a.count("merge_at_once", s.merge_at_once);
  s.floor_bytes = a.number("floor_bytes", s.floor_bytes);
  s.segment_bytes_max = a.number("segment_bytes", s.segment_bytes_max);
  return std::make_shared<SearchIndex>(std::move(o));
}

const Component component{{
    .name = "store.search",
    .summary = "An inverted index: analysers, BM25 as Lucene has it, boolean, phrase, prefix and range "
               "queries, facets, "
               "highlights; segments, refresh, tombstones, tiered merges; shards by the hash of the id.",
    .params =
        {table("fields",
               "{ FIELD = 'text' | 'keyword' | 'number' | { type =, analyzer =, query_analyzer = } }")
             .optional("texts are text, numbers are numbers"),
         count("shards", "how many").at_least(1).at_most(1000).optional("1"),
         duration("refresh", "how soon writes are visible; 0: only when asked").optional("1 s"),
         number("k1", "of BM25: how soon more of the same word counts no more").at_least(0).optional("1.2"),
         number("b", "of BM25: how much length counts").at_least(0).at_most(1).optional("0.75"),
         count("segments_per_tier", "before they are merged").at_least(2).optional("10"),
         count("merge_at_once", "segments").at_least(2).optional("10"),
         size("floor_bytes", "smaller segments count as this").at_least(1).optional("2 MiB"),
         size("segment_bytes", "no merge makes a larger one").at_least(1).optional("5 GiB")},
    .returns = "SearchIndex",
    .cost = "a write O(its bytes) at the refresh; a search O(postings of its terms)",
    .paper = "Robertson & Zaragoza 2009 (BM25); Apache Lucene 9 (BM25Similarity, TieredMergePolicy)",
    .example = R"(
local index = lab.store.search{ fields = { title = { analyzer = "english" }, tag = "keyword" } }
index:index{ id = "1", doc = { title = "The quick brown fox", tag = "animal", year = 2020 }, now = 0 }
index:index{ id = "2", doc = { title = "Foxes are quicker than dogs", tag = "animal", year = 2023 }, now = 0 }
index:index{ id = "3", doc = { title = "Brown bread", tag = "food", year = 2023 }, now = 0 }
local early = index:search{ query = { match = { title = "fox" } }, now = 0.5 }.total
local found = index:search{ query = { match = { title = "fox" } }, facets = { tags = { terms = "tag" } },
  highlight = { "title" }, now = 1 }
local old = index:search{ query = { bool = { must = { match = { title = "brown" } },
  filter = { range = { year = { lt = 2023 } } } } }, now = 1 }
return early == 0 and found.total == 2 and found.hits[2].highlight.title == "<em>Foxes</em> are quicker than dogs"
  and found.facets.tags[1].count == 2 and old.hits[1].id == "1")",
    .make = [](lua_State* L, Arguments& a) { return push(L, make_index(L, a)); },
}};

int tokens(lua_State* L, Analyzer& analyzer) {
  return push_tokens(L, analyzer, std::string(string_argument(L, 2, "text")));
}

const Type analyzer_type{describe_type<Analyzer>(
    "Analyzer", "Makes terms out of text.",
    {method<&tokens>("tokens", "(text) -> list of texts", "The terms of a text, in order.")})};

const Component analyzer{{
    .name = "store.analyzer",
    .summary = "How text becomes terms: a tokenizer, lower case, stop words, a stemmer, n-grams.",
    .params = {choice("tokenizer", {"standard", "whitespace", "keyword", "simple"}, "how it is cut")
                   .optional("'standard'"),
               boolean("lower", "in lower case").optional("true of standard and simple"),
               value("stop", "words to leave out, or true for the 33 English ones").optional("none"),
               choice("stemmer", {"porter"}, "takes endings off").optional("none"),
               list("ngram", "{ min, max }: all parts of a word of these lengths").optional("none"),
               list("edge_ngram", "{ min, max }: all its beginnings").optional("none")},
    .returns = "Analyzer",
    .cost = "O(bytes)",
    .paper = "Porter 1980; Unicode annex 29 (simplified)",
    .example = R"(
local a = lab.store.analyzer{ stop = true, stemmer = "porter" }
local b = lab.store.analyzer{ edge_ngram = { 2, 4 } }
return table.concat(a:tokens("The connections are connected, isn't it?"), " ") == "connect connect isn't"
  and table.concat(b:tokens("Quick"), " ") == "qu qui quic")",
    .make =
        [](lua_State* L, Arguments& a) {
          Value::Map given;
          for (const char* name : {"tokenizer", "lower", "stop", "stemmer", "ngram", "edge_ngram"}) {
            if (a.has(name)) given.emplace_back(name, to_value(L, a.index_of(name)));
          }
          const auto parsed = Analyzer::parse(Value::map(std::move(given)));
          if (!parsed)
            a.reject(a.has("ngram")        ? "ngram"
                     : a.has("edge_ngram") ? "edge_ngram"
                                           : "stop",
                     parsed.error().message);
          return push(L, std::make_shared<Analyzer>(*parsed));
        },
}};

const Component node{{
    .name = "store.search_node",
    .summary = "A node that holds copies of an index's shards, with a log and commits on its disk; "
               "lab.store.search_router "
               "tells it what to do.",
    .params =
        {object("index", "SearchIndex", "as described, and empty").optional("as lab.store.search()"),
         choice("durability", {"request", "async"},
                "a write is answered when it is on the disk, or in memory")
             .optional("'request'"),
         duration("sync_every", "of async: what a crash may lose").above(0).optional("5 s"),
         count("flush_writes", "a commit takes the log's place after so many").at_least(1).optional("1000"),
         duration("timeout", "of a copy's answer to a write").above(0).optional("0.5 s")},
    .returns = "Filter",
    .cost = "a write and a sync of the disk a write",
    .paper = "Elasticsearch guide: translog, near real-time search, reading and writing documents",
    .example = R"(
local w = lab.world{ seed = 1 }
local node = w:service("n", { filters = { lab.store.search_node() } })
node:call{ type = "shard_write", shard = 0, term = 1, op = { id = "a", doc = { text = "hello" } }, copies = {} }
w:inject(lab.fault.crash("n")); w:inject(lab.fault.restart("n")); w:run(1*s)
return node:call{ type = "shard_fetch", shard = 0, ids = { "a" } }[1].doc.text == "hello")",
    .make =
        [](lua_State* L, Arguments& a) {
          SearchNodeOptions o;
          if (const auto index = a.object<SearchIndex>("index")) o.shard = index->options().shard;
          o.sync = a.string("durability", "request") == "request";
          o.sync_every = a.duration("sync_every", o.sync_every);
          o.flush_writes = a.count("flush_writes", o.flush_writes);
          o.timeout = a.duration("timeout", o.timeout);
          return push_filter(L, "search node", make_search_node(std::move(o)));
        },
    .privileged = true,
}};

const Component router{{
    .name = "store.search_router",
    .summary = "Takes documents and searches for an index whose shards are on search nodes: primaries and "
               "replicas, query "
               "then fetch, a copy that stands in, partial results. Requests: index, update, delete, get, "
               "search, bulk, "
               "refresh, status.",
    .params = {object("index", "SearchIndex", "as described, and empty").optional("as lab.store.search()"),
               list("nodes", "names of nodes with lab.store.search_node"),
               count("replicas", "copies of a shard beside the primary").optional("1"),
               duration("timeout", "of a call to a node").above(0).optional("1 s"),
               duration("check", "how often copies that are out of sync are filled again")
                   .above(0)
                   .optional("1 s")},
    .returns = "Filter",
    .cost = "a call to a copy of each shard a search, and one to each shard with hits",
    .paper = "Elasticsearch guide: search across shards, preference, dfs_query_then_fetch",
    .example = R"(
local w = lab.world{ seed = 1 }
local books = lab.store.search{ shards = 2 }
for i = 1, 3 do w:service("n" .. i, { time = 2*ms, filters = { lab.store.search_node{ index = books } } }) end
local search = w:service("search", { filters = {
  lab.store.search_router{ index = books, nodes = { "n1", "n2", "n3" } } } })
for i = 1, 20 do search:call{ type = "index", id = "b" .. i, doc = { title = "volume " .. i } } end
w:run(2*s)
w:inject(lab.fault.crash("n2"))
local got = search:call{ type = "search", query = { match = { title = "volume" } }, timeout = 5 }
return got.total == 20 and got.shards.failed == 0
  and search:call{ type = "get", id = "b7" }.title == "volume 7")",
    .make =
        [](lua_State* L, Arguments& a) {
          SearchRouterOptions o;
          if (const auto index = a.object<SearchIndex>("index")) {
            o.shards = index->options().shards;
            o.mapping = index->options().shard.mapping;
          }
          o.nodes = a.strings("nodes");
          o.replicas = a.count("replicas", o.replicas);
          if (o.nodes.empty()) a.reject("nodes", "there is no node in it");
          if (o.nodes.size() <= o.replicas) {
            a.reject("replicas", fmt::format("{} copies of a shard need as many nodes, there are {}",
                                             o.replicas + 1, o.nodes.size()));
          }
          o.timeout = a.duration("timeout", o.timeout);
          o.check = a.duration("check", o.check);
          return push_filter(L, "search", make_search_router(std::move(o)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab

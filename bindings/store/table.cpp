#include "core/store/table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bindings/store/engine.hpp"

namespace syslab {
namespace {

std::vector<std::string> profile_names() {
  std::vector<std::string> names;
  for (const TableProfile& profile : table_profiles()) names.emplace_back(profile.name);
  return names;
}

std::vector<Param> table_params() {
  std::vector<Param> params = {
      string("partition_key", "the attribute whose hash says in which partition an item is").optional("'id'"),
      string("sort_key", "the attribute that orders the items of one partition key").optional("none"),
      choice("mode", {"provisioned", "on_demand"}, "capacity as bought, or only the partitions' ceilings")
          .optional("'provisioned'"),
      number("read_units", "a second").above(0).optional("5"),
      number("write_units", "a second").above(0).optional("5"),
      boolean("adaptive", "a hot partition may use what the others leave").optional("true"),
      count("partitions", "how many").at_least(1).at_most(100000).optional("as the capacity needs"),
      table("local_indexes",
            "{ NAME = { sort, projection, include } }: same partition key, made with the table or never")
          .optional("none"),
      table("global_indexes",
            "{ NAME = { partition, sort, projection = 'all', 'keys_only' or 'include', include, read_units, "
            "write_units } }; capacity left out is that of the table")
          .optional("none"),
      duration("replica_lag", "how old an eventual read is; a default of ours").optional("20 ms"),
      duration("index_lag", "how long a global index takes to hear; a default of ours").optional("100 ms"),
      rate("backfill_rate", "items with which an added index is filled; a default of ours")
          .above(0)
          .optional("10000"),
      string("name", "the table's").optional("'table'"),
      choice("profile", profile_names(), "whose published limits").optional("'dynamodb-2024'"),
  };
  const auto& ours = find_table_profile("dynamodb-2024")->ours;
  for (const TableLimit& limit : table_limits()) {
    const bool is_ours = std::find(ours.begin(), ours.end(), limit.name) != ours.end();
    params.push_back(
        number(std::string(limit.name), std::string(limit.doc) + (is_ours ? "; a default of ours" : ""))
            .above(0)
            .optional("the profile's"));
  }
  return params;
}

TableOptions options_from(lua_State* L, const Arguments& a) {
  TableOptions o;
  o.limits = *find_table_profile(a.string("profile", "dynamodb-2024"));
  for (const TableLimit& limit : table_limits()) {
    o.limits.*limit.field = a.number(limit.name, o.limits.*limit.field);
  }
  o.name = a.string("name", o.name);
  o.partition_key = a.string("partition_key", o.partition_key);
  o.sort_key = a.string("sort_key", o.sort_key);
  o.on_demand = a.string("mode", "provisioned") == "on_demand";
  o.read_units = a.number("read_units", o.read_units);
  o.write_units = a.number("write_units", o.write_units);
  o.adaptive = a.boolean("adaptive", o.adaptive);
  o.partitions = a.count("partitions", o.partitions);
  o.replica_lag = a.duration("replica_lag", o.replica_lag);
  o.index_lag = a.duration("index_lag", o.index_lag);
  o.backfill_rate = a.number("backfill_rate", o.backfill_rate);
  for (const char* field : {"local_indexes", "global_indexes"}) {
    if (!a.has(field)) continue;
    const Value given = to_value(L, a.index_of(field));
    if (given.is_list() && given.list().empty()) continue;
    if (!given.is_map()) a.reject(field, "expected { NAME = { ... } }");
    for (const auto& [name, description] : given.map()) {
      auto index = table_index(name, std::string_view(field) == "global_indexes", description, o);
      if (!index) a.reject(field, index.error().message);
      o.indexes.push_back(std::move(*index));
    }
  }
  if (const auto valid = Table::valid(o); !valid) {
    throw ScriptError(fmt::format("lab.store.table: {}", valid.error().message));
  }
  return o;
}

Param key() {
  return table("key", "the key attributes: { id = 7 }");
}
Param condition() {
  return any("condition",
             "what must hold of the item as it is: { version = 3 }, { id = { not_exists = true } }")
      .optional("nothing");
}
Param strong() {
  return boolean("strong", "what was written last, for twice the units").optional("false");
}
Param returns() {
  return choice("returns", {"none", "old"}, "whether the item that was there is wanted").optional("'none'");
}
std::vector<Param> range_params(std::vector<Param> first) {
  first.push_back(string("index", "read this one").optional("the table"));
  first.push_back(any("filter", "a condition on what was read; it saves no units").optional("none"));
  first.push_back(count("limit", "items to read at most").at_least(1).optional("a page"));
  first.push_back(table("after", "`last` of the page before").optional("from the beginning"));
  first.push_back(strong());
  return first;
}

constexpr auto kAsk = &ask_engine<Table>;

const Type type{describe_type<Table>(
    "Table",
    "Items by partition key and sort key, with capacity in units. Time is an argument (left out, that of the "
    "last "
    "world). In a world, lab.store.database serves it.",
    {
        verb<kAsk>(
            "add_index",
            {string("name", "its name"), string("partition", "the attribute that is its partition key"),
             string("sort", "its sort key").optional("none"),
             choice("projection", {"all", "keys_only", "include"}, "what of an item is in it")
                 .optional("'all'"),
             list("include", "attributes beside the keys").optional("none"),
             number("read_units", "a second").above(0).optional("the table's"),
             number("write_units", "a second").above(0).optional("the table's")},
            "true | nil, err", "A global index; it can be read when it is filled."),
        verb<kAsk>("batch_get", {list("keys", "100 at most"), strong()},
                   "{ items, unprocessed, units } | nil, err",
                   "Items by their keys; what is throttled is in `unprocessed`."),
        verb<kAsk>("batch_write",
                   {list("puts", "items").optional("none"), list("deletes", "keys").optional("none")},
                   "{ unprocessed_puts, unprocessed_deletes, units } | nil, err",
                   "25 writes at most, each by itself; what is throttled comes back."),
        verb<kAsk>("delete", {key(), condition(), returns()}, "{ units, old } | nil, err",
                   "Takes an item away."),
        verb<kAsk>("describe", {}, "table", "Sizes, capacity, indexes, limits, and which limits are ours."),
        verb<kAsk>("drop_index", {string("name", "of a global index")}, "true | nil, err", "Takes it away."),
        verb<kAsk>("get", {key(), strong()}, "{ item, units } | nil, err", "One item; none is no error."),
        verb<kAsk>("heat", {}, "list of { items, read_units, write_units, refused }",
                   "Where the load falls."),
        verb<kAsk>("put", {table("item", "with its key attributes"), condition(), returns()},
                   "{ units, index_units, old } | nil, err", "Writes a whole item."),
        verb<kAsk>(
            "query",
            range_params({any("partition", "the value of the partition key"),
                          any("sort",
                              "of the sort key: a value, or { between = { a, b } }, { begins_with = }, "
                              "{ less = } ...")
                              .optional("all"),
                          boolean("reverse", "the largest sort key first").optional("false"),
                          boolean("whole_items", "of a local index: fetch what is not in it, for units")
                              .optional("false")}),
            "{ items, scanned, units, last } | nil, err",
            "Items of one partition key, in the sort key's order."),
        verb<kAsk>("scan", range_params({}), "{ items, scanned, units, last } | nil, err",
                   "All items, in the order of hashes, a page at a time."),
        verb<kAsk>("set_capacity",
                   {number("read_units", "a second").above(0).optional("as it is"),
                    number("write_units", "a second").above(0).optional("as it is"),
                    string("index", "of a global index").optional("of the table")},
                   "true | nil, err", "Buys more, or less."),
        verb<kAsk>("transact_get", {list("keys", "100 at most")}, "{ items, units } | nil, err",
                   "Items as of one moment, for twice the units."),
        verb<kAsk>(
            "transact_write",
            {list("writes",
                  "100 at most: { put = item }, { update = key, set = ... }, { delete = key } or { check "
                  "= key }, each with its condition"),
             string("token", "the same again within ten minutes is not done again").optional("none")},
            "{ units } | nil, err", "All of them or none, for twice the units."),
        verb<kAsk>("update",
                   {key(), table("set", "attributes and values").optional("nothing"),
                    table("add", "attributes and numbers").optional("nothing"),
                    list("remove", "attributes").optional("nothing"), condition()},
                   "{ item, units } | nil, err",
                   "Changes some attributes; makes the item where there is none."),
    },
    [](lua_State* L, int index) {
      const Table* t = object_at<Table>(L, index);
      return fmt::format("{}, {} items", t->options().name, t->show()["items"].number());
    })};

const Component component{{
    .name = "store.table",
    .summary =
        "A table engine: items in partitions by the hash of their key, capacity in units with bursts and hot "
        "partitions, conditional writes, transactions, local and global secondary indexes.",
    .params = table_params(),
    .returns = "Table",
    .cost = "O(log items) a request beside what it reads",
    .paper =
        "Amazon DynamoDB developer guide: capacity, secondary indexes, quotas; DeCandia et al. 2007 (Dynamo)",
    .example = R"(
local t = lab.store.table{ partition_key = "user", sort_key = "order", write_units = 10,
  global_indexes = { by_city = { partition = "city", projection = "keys_only" } } }
t:put{ item = { user = "ann", order = 1, city = "Rome" }, now = 0 }
local _, exists = t:put{ item = { user = "ann", order = 1 }, condition = { user = { not_exists = true } }, now = 0 }
local early = t:query{ index = "by_city", partition = "Rome", now = 0.05 }
local later = t:query{ index = "by_city", partition = "Rome", now = 0.2 }
local _, strong = t:query{ index = "by_city", partition = "Rome", strong = true, now = 1 }
return exists.code == "ConditionalCheckFailedException" and #early.items == 0 and #later.items == 1
  and strong.code == "ValidationException")",
    .make = [](lua_State* L, Arguments& a) { return push(L, std::make_shared<Table>(options_from(L, a))); },
}};

}  // namespace
}  // namespace syslab

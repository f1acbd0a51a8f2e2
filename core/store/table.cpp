#include "core/store/table.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/nearest.hpp"
#include "core/store/answer.hpp"

namespace syslab {
namespace {

Error invalid(std::string message) {
  return refused("ValidationException", std::move(message));
}

// Lua cannot tell an empty list from an empty map.
bool is_empty(const Value& v) {
  return v.is_nil() || (v.is_list() && v.list().empty()) || (v.is_map() && v.map().empty());
}

Value without(const Value& map, const std::set<std::string>& names) {
  Value::Map kept;
  for (const auto& entry : map.map()) {
    if (!names.contains(entry.first)) kept.push_back(entry);
  }
  return Value::map(std::move(kept));
}

Expected<std::vector<std::string>> texts(const Value& list, std::string_view what) {
  std::vector<std::string> out;
  if (is_empty(list)) return out;
  if (!list.is_list()) return malformed(std::string(what) + " is a list of texts");
  for (const Value& item : list.list()) {
    if (!item.is_string()) return malformed(std::string(what) + " is a list of texts");
    out.emplace_back(item.string());
  }
  return out;
}

Expected<double> amount(const Value& v, std::string_view what, double otherwise) {
  if (v.is_nil()) return otherwise;
  if (!v.is_number() || !(v.number() > 0)) return malformed(std::string(what) + " is a number above 0");
  return v.number();
}

std::size_t digits(double n) {
  if (n == std::floor(n) && std::fabs(n) < 1e15) {
    std::size_t all = 1;
    for (auto rest = static_cast<std::uint64_t>(std::fabs(n)); rest >= 10; rest /= 10) ++all;
    return all;
  }
  const std::string text = Value(n).json();
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }));
}

std::size_t value_bytes(const Value& v) {
  switch (v.type()) {
    case Value::Type::nil:
    case Value::Type::boolean:
      return 1;
    case Value::Type::number:
      return (digits(v.number()) + 1) / 2 + 1;
    case Value::Type::string:
      return v.string().size();
    case Value::Type::list: {
      std::size_t sum = 3;
      for (const Value& item : v.list()) sum += 1 + value_bytes(item);
      return sum;
    }
    case Value::Type::map: {
      std::size_t sum = 3;
      for (const auto& [name, item] : v.map()) sum += 1 + name.size() + value_bytes(item);
      return sum;
    }
  }
  return 0;
}

constexpr char kNoCondition[] = "The conditional request failed";

}  // namespace

std::size_t item_bytes(const Value& item) {
  if (!item.is_map()) return 0;
  std::size_t sum = 0;
  for (const auto& [name, value] : item.map()) sum += name.size() + value_bytes(value);
  return sum;
}

Expected<TableIndexOptions> table_index(const std::string& name, bool global, const Value& description,
                                        const TableOptions& table) {
  std::vector<std::string> fields = {"sort", "projection", "include"};
  if (global) fields.insert(fields.end(), {"partition", "read_units", "write_units", "name"});
  const std::string what = (global ? "the global index '" : "the local index '") + name + "'";
  SYSLAB_CHECK(check_fields(what, description, fields));
  TableIndexOptions index;
  index.name = name;
  index.global = global;
  index.partition = table.partition_key;
  for (const auto& [field, into] :
       {std::pair{"partition", &index.partition}, std::pair{"sort", &index.sort}}) {
    const Value& given = description[field];
    if (given.is_nil()) continue;
    if (!given.is_string() || given.string().empty()) {
      return malformed(what + ": '" + field + "' is the name of an attribute");
    }
    *into = std::string(given.string());
  }
  if (global && description["partition"].is_nil()) return malformed(what + " needs a 'partition'");
  if (!global && index.sort.empty()) return malformed(what + " needs a 'sort'");
  const Value& projection = description["projection"];
  using Projection = TableIndexOptions::Projection;
  SYSLAB_TAKE(include, texts(description["include"], what + ": 'include'"));
  index.include = include;
  if (!include.empty()) index.projection = Projection::include;
  if (projection == Value("keys_only")) {
    index.projection = Projection::keys_only;
  } else if (projection == Value("include")) {
    index.projection = Projection::include;
  } else if (!projection.is_nil() && projection != Value("all")) {
    return malformed(what + ": the projection is 'all', 'keys_only' or 'include'");
  }
  if ((index.projection == Projection::include) == include.empty()) {
    return malformed(what + ": 'include' lists the attributes of the projection 'include'");
  }
  SYSLAB_TAKE(reads, amount(description["read_units"], what + ": 'read_units'", table.read_units));
  SYSLAB_TAKE(writes, amount(description["write_units"], what + ": 'write_units'", table.write_units));
  index.read_units = reads;
  index.write_units = writes;
  return index;
}

bool Table::SortLess::operator()(const Value& a, const Edge& b) const {
  const Value& first = a.list()[0];
  const int c = b.prefix && first.is_string()
                    ? first.string().substr(0, b.value.string().size()).compare(b.value.string())
                    : first.compare(b.value);
  return c < 0 || (c == 0 && b.after);
}

bool Table::SortLess::operator()(const Edge& a, const Value& b) const {
  return !(*this)(b, a);
}

Expected<bool> Table::valid(const TableOptions& options) {
  std::size_t locals = 0, globals = 0;
  std::set<std::string> names;
  for (const TableIndexOptions& index : options.indexes) {
    (index.global ? globals : locals) += 1;
    if (!names.insert(index.name).second) return malformed("two indexes are called '" + index.name + "'");
  }
  const TableProfile& limits = options.limits;
  if (static_cast<double>(locals) > limits.local_indexes) {
    return refused("ValidationException",
                   "One or more parameter values were invalid: Number of LocalSecondaryIndexes "
                   "exceeds per-table limit of " +
                       count(limits.local_indexes).json());
  }
  if (static_cast<double>(globals) > limits.global_indexes) {
    return refused("LimitExceededException",
                   "a table has at most " + count(limits.global_indexes).json() + " global indexes");
  }
  if (locals > 0 && options.sort_key.empty()) return malformed("local indexes need a table with a sort key");
  if (options.partition_key == options.sort_key) return malformed("the two keys are two attributes");
  if (!options.on_demand && std::max(options.read_units, options.write_units) > limits.table_units) {
    return refused("LimitExceededException",
                   "a table has at most " + count(limits.table_units).json() + " read or write units");
  }
  return true;
}

std::size_t Table::partitions_for(double read_units, double write_units) const {
  const TableProfile& limits = options_.limits;
  const double needed =
      options_.on_demand
          ? limits.on_demand_partitions
          : std::ceil(read_units / limits.partition_read_units + write_units / limits.partition_write_units);
  return static_cast<std::size_t>(std::clamp(needed, 1.0, 100000.0));
}

Capacity::Options Table::capacity_options(double rate, double ceiling, std::size_t partitions) const {
  const bool unlimited = options_.on_demand || std::isinf(ceiling);
  return {unlimited ? std::numeric_limits<double>::infinity() : rate, ceiling, options_.limits.burst_seconds,
          options_.adaptive || unlimited, partitions};
}

Table::Global Table::make_global(const TableIndexOptions& index) const {
  const std::size_t partitions = partitions_for(index.read_units, index.write_units);
  const TableProfile& limits = options_.limits;
  return {.options = index,
          .reads = Capacity(capacity_options(index.read_units, limits.partition_read_units, partitions)),
          .writes = Capacity(capacity_options(index.write_units, limits.partition_write_units, partitions))};
}

Table::Table(TableOptions options) : options_(std::move(options)), reads_({}), writes_({}) {
  if (options_.partitions == 0)
    options_.partitions = partitions_for(options_.read_units, options_.write_units);
  const TableProfile& limits = options_.limits;
  reads_.reset(capacity_options(options_.read_units, limits.partition_read_units, options_.partitions));
  writes_.reset(capacity_options(options_.write_units, limits.partition_write_units, options_.partitions));
  for (const TableIndexOptions& index : options_.indexes) {
    if (index.global) globals_.emplace(index.name, make_global(index));
  }
}

const std::map<std::string, Table::Verb, std::less<>>& Table::verbs() {
  static const std::map<std::string, Verb, std::less<>> verbs = {
      {"put", {&Table::put, true, {"item", "condition", "returns"}}},
      {"get", {&Table::get, false, {"key", "strong"}}},
      {"update", {&Table::update, true, {"key", "set", "add", "remove", "condition"}}},
      {"delete", {&Table::remove, true, {"key", "condition", "returns"}}},
      {"query",
       {&Table::query,
        false,
        {"partition", "sort", "index", "filter", "limit", "reverse", "after", "strong", "whole_items"}}},
      {"scan", {&Table::scan, false, {"index", "filter", "limit", "after", "strong"}}},
      {"batch_get", {&Table::batch_get, false, {"keys", "strong"}}},
      {"batch_write", {&Table::batch_write, true, {"puts", "deletes"}}},
      {"transact_write", {&Table::transact_write, true, {"writes", "token"}}},
      {"transact_get", {&Table::transact_get, false, {"keys"}}},
      {"add_index",
       {&Table::add_index,
        true,
        {"name", "partition", "sort", "projection", "include", "read_units", "write_units"}}},
      {"drop_index", {&Table::drop_index, true, {"name"}}},
      {"set_capacity", {&Table::set_capacity, true, {"read_units", "write_units", "index"}}},
      {"describe", {&Table::describe, false, {}}},
      {"heat", {&Table::heat, false, {}}},
  };
  return verbs;
}

bool Table::knows(std::string_view verb) const {
  return verbs().contains(verb);
}

bool Table::changes(std::string_view verb) const {
  return verbs().find(verb)->second.changes;
}

void Table::ask(Instant now, std::string_view verb, const Value& body, Done done) {
  const Verb& v = verbs().find(verb)->second;
  advance(now);
  // A request over the network says which of a database's engines it is for.
  const auto known = check_fields(verb, body, v.fields);
  done(known ? (this->*v.action)(now, body) : Answer(known.error()));
}

// What was throttled was not done, and might not be throttled again: reads and failures are not in a log.
Value Table::again(std::string_view verb, const Value& body, const Value& answer) const {
  if (verb != "batch_write") return body;
  Value done = body;
  for (const std::string field : {"puts", "deletes"}) {
    if (is_empty(body[field])) continue;
    const Value::List& refused = answer["unprocessed_" + field].list();
    Value::List kept;
    for (const Value& one : body[field].list()) {
      if (std::find(refused.begin(), refused.end(), one) == refused.end()) kept.push_back(one);
    }
    done = done.with(field, Value::list(std::move(kept)));
  }
  return done;
}

void Table::advance(Instant now) {
  for (; !coming_.empty() && coming_.front().due <= now; coming_.pop_front()) {
    const Change& c = coming_.front();
    const auto key = key_of(c.after.is_nil() ? c.before : c.after, false);
    apply(replica_, *key, c.before, c.after);
  }
  for (auto& [name, index] : globals_) {
    for (; !index.coming.empty() && index.coming.front().due <= now; index.coming.pop_front()) {
      apply_global(index, index.coming.front().before, index.coming.front().after);
    }
  }
}

std::size_t Table::partition_of(const Place& place, const Capacity& capacity) {
  __extension__ const auto wide = static_cast<unsigned __int128>(place.hash) * capacity.options().partitions;
  return static_cast<std::size_t>(wide >> 64);
}

const Value& Table::find(const Store& store, const Key& key) {
  static const Value none;
  const auto collection = store.find(key.place);
  if (collection == store.end()) return none;
  const auto item = collection->second.items.find(key.sort);
  return item == collection->second.items.end() ? none : item->second;
}

Expected<Table::Key> Table::key_of(const Value& attributes, bool exact) const {
  std::vector<std::string> names = {options_.partition_key};
  if (!options_.sort_key.empty()) names.push_back(options_.sort_key);
  for (const std::string& name : names) {
    const Value& v = attributes[name];
    if (v.is_nil()) return invalid("One of the required keys was not given a value: " + name);
    if (!is_key(v) || (v.is_number() && !std::isfinite(v.number())) ||
        (v.is_string() && v.string().empty())) {
      return invalid("the key '" + name + "' is a number or a text that is not empty");
    }
  }
  if (exact && attributes.map().size() != names.size()) {
    return invalid("The provided key element does not match the schema");
  }
  return Key{place_of(attributes[names[0]]),
             Value::list({names.size() > 1 ? attributes[names[1]] : Value()})};
}

bool Table::indexed(const TableIndexOptions& index, const Value& item) const {
  return item.is_map() && is_key(item[index.partition]) && (index.sort.empty() || is_key(item[index.sort]));
}

Value Table::project(const TableIndexOptions& index, const Value& item) const {
  using Projection = TableIndexOptions::Projection;
  if (index.projection == Projection::all) return item;
  Value::Map kept;
  for (const auto& [name, value] : item.map()) {
    const bool key = name == options_.partition_key || name == options_.sort_key || name == index.partition ||
                     name == index.sort;
    if (key || std::find(index.include.begin(), index.include.end(), name) != index.include.end()) {
      kept.emplace_back(name, value);
    }
  }
  return Value::map(std::move(kept));
}

Value Table::index_sort(const TableIndexOptions& index, const Value& item) const {
  const Value own = options_.sort_key.empty() ? Value() : item[options_.sort_key];
  const Value sort = index.sort.empty() ? Value() : item[index.sort];
  if (!index.global) return Value::list({sort, own});
  return Value::list({sort, item[options_.partition_key], own});
}

double Table::write_units(std::size_t bytes) const {
  return std::max(1.0, std::ceil(static_cast<double>(bytes) / options_.limits.write_unit_bytes));
}

double Table::read_units(std::size_t bytes, bool strong) const {
  const double units = std::max(1.0, std::ceil(static_cast<double>(bytes) / options_.limits.read_unit_bytes));
  return strong ? units : units / 2;
}

double Table::index_units(const TableIndexOptions& index, const Value& before, const Value& after) const {
  const bool was = indexed(index, before), is = indexed(index, after);
  const Value old = was ? project(index, before) : Value(), next = is ? project(index, after) : Value();
  if (old == next) return 0;
  // An entry whose key changes is taken out and put in.
  if (was && is && index_sort(index, before) == index_sort(index, after) &&
      before[index.partition] == after[index.partition]) {
    return write_units(std::max(item_bytes(old), item_bytes(next)));
  }
  return (was ? write_units(item_bytes(old)) : 0) + (is ? write_units(item_bytes(next)) : 0);
}

void Table::apply(Store& store, const Key& key, const Value& before, const Value& after) {
  Collection& c = store[key.place];
  c.bytes -= item_bytes(before);
  c.bytes += item_bytes(after);
  if (after.is_nil()) {
    c.items.erase(key.sort);
  } else {
    c.items[key.sort] = after;
  }
  for (const TableIndexOptions& index : options_.indexes) {
    if (index.global) continue;
    Items& entries = c.locals[index.name];
    if (indexed(index, before)) {
      c.bytes -= item_bytes(project(index, before));
      entries.erase(index_sort(index, before));
    }
    if (indexed(index, after)) {
      Value entry = project(index, after);
      c.bytes += item_bytes(entry);
      entries[index_sort(index, after)] = std::move(entry);
    }
  }
  if (c.items.empty()) store.erase(key.place);
}

void Table::apply_global(Global& index, const Value& before, const Value& after) const {
  if (indexed(index.options, before)) {
    const auto collection = index.entries.find(place_of(before[index.options.partition]));
    if (collection != index.entries.end()) {
      collection->second.items.erase(index_sort(index.options, before));
      if (collection->second.items.empty()) index.entries.erase(collection);
    }
  }
  if (indexed(index.options, after)) {
    index.entries[place_of(after[index.options.partition])].items[index_sort(index.options, after)] =
        project(index.options, after);
  }
}

void Table::commit(Instant now, const Write& write) {
  if (write.only_check || (write.before.is_nil() && write.after.is_nil())) return;
  ++touched_;
  items_ += write.after.is_nil() ? 0 : 1;
  items_ -= write.before.is_nil() ? 0 : 1;
  bytes_ += item_bytes(write.after);
  bytes_ -= item_bytes(write.before);
  apply(leader_, write.key, write.before, write.after);
  coming_.push_back({saturating_add(now, options_.replica_lag), write.before, write.after});
  for (auto& [name, index] : globals_) {
    if (index_units(index.options, write.before, write.after) == 0) continue;
    index.coming.push_back({saturating_add(now, options_.index_lag), write.before, write.after});
  }
}

Expected<bool> Table::check_condition(Write& write, const Value& condition) const {
  SYSLAB_TAKE(parsed, Condition::parse(condition));
  write.holds = parsed.holds(write.before.is_nil() ? Value::map({}) : write.before);
  return true;
}

Expected<bool> Table::check_sizes(const Write& write) {
  if (static_cast<double>(item_bytes(write.after)) > options_.limits.item_bytes) {
    return invalid("Item size has exceeded the maximum allowed size");
  }
  std::size_t more = 0, less = 0;
  bool local = false;
  for (const TableIndexOptions& index : options_.indexes) {
    if (index.global) continue;
    local = true;
    if (indexed(index, write.after)) more += item_bytes(project(index, write.after));
    if (indexed(index, write.before)) less += item_bytes(project(index, write.before));
  }
  if (!local) return true;
  more += item_bytes(write.after);
  less += item_bytes(write.before);
  const auto collection = leader_.find(write.key.place);
  const std::size_t has = collection == leader_.end() ? 0 : collection->second.bytes;
  if (more > less && static_cast<double>(has + more - less) > options_.limits.collection_bytes) {
    return refused("ItemCollectionSizeLimitExceededException",
                   "the items of one partition key and their local index entries have at most " +
                       count(options_.limits.collection_bytes).json() + " bytes");
  }
  return true;
}

Expected<Table::Write> Table::plan_put(const Value& body) {
  if (!body["item"].is_map()) return malformed("put has an 'item', a map");
  SYSLAB_TAKE(key, key_of(body["item"], false));
  Write write{key, find(leader_, key), body["item"]};
  SYSLAB_CHECK(check_condition(write, body["condition"]));
  return write;
}

Expected<Table::Write> Table::plan_update(const Value& body) {
  if (!body["key"].is_map()) return malformed("update has a 'key', a map");
  SYSLAB_TAKE(key, key_of(body["key"], true));
  Write write{key, find(leader_, key), {}};
  write.after = write.before.is_nil() ? body["key"] : write.before;
  const auto is_own = [&](const std::string& name) {
    return name == options_.partition_key || name == options_.sort_key;
  };
  for (const char* part : {"set", "add"}) {
    if (is_empty(body[part])) continue;
    if (!body[part].is_map()) return malformed(std::string("'") + part + "' is a map of attributes");
    for (const auto& [name, value] : body[part].map()) {
      if (is_own(name))
        return invalid("Cannot update attribute " + name + ". This attribute is part of the key");
      if (std::string_view(part) == "set") {
        write.after = write.after.with(name, value);
        continue;
      }
      const Value& old = write.after[name];
      if (!value.is_number() || !(old.is_nil() || old.is_number())) {
        return invalid("'add' adds a number to the number '" + name + "'");
      }
      write.after = write.after.with(name, value.number() + (old.is_nil() ? 0 : old.number()));
    }
  }
  SYSLAB_TAKE(removed, texts(body["remove"], "'remove'"));
  for (const std::string& name : removed) {
    if (is_own(name))
      return invalid("Cannot update attribute " + name + ". This attribute is part of the key");
  }
  if (!removed.empty()) write.after = without(write.after, {removed.begin(), removed.end()});
  SYSLAB_CHECK(check_condition(write, body["condition"]));
  return write;
}

Expected<Table::Write> Table::plan_delete(const Value& body) {
  if (!body["key"].is_map()) return malformed("delete has a 'key', a map");
  SYSLAB_TAKE(key, key_of(body["key"], true));
  Write write{key, find(leader_, key), {}};
  SYSLAB_CHECK(check_condition(write, body["condition"]));
  return write;
}

Expected<Table::Write> Table::plan_one(const Value& one) {
  if (!one.is_map()) return malformed("a write is a map");
  const auto rest = [&](std::string_view what, std::vector<std::string> fields) {
    fields.insert(fields.end(), {std::string(what), "condition"});
    return check_fields("a transaction's " + std::string(what), one, fields);
  };
  const auto with_key = [&](std::string_view what) { return one.with("key", one[what]); };
  if (!one["put"].is_nil()) {
    SYSLAB_CHECK(rest("put", {}));
    return plan_put(one.with("item", one["put"]));
  }
  if (!one["update"].is_nil()) {
    SYSLAB_CHECK(rest("update", {"set", "add", "remove"}));
    return plan_update(with_key("update"));
  }
  if (!one["delete"].is_nil()) {
    SYSLAB_CHECK(rest("delete", {}));
    return plan_delete(with_key("delete"));
  }
  if (!one["check"].is_nil()) {
    SYSLAB_CHECK(rest("check", {}));
    SYSLAB_TAKE(write, plan_delete(with_key("check")));
    write.after = write.before;
    write.only_check = true;
    return write;
  }
  return malformed("a write of a transaction is one of put, update, delete and check");
}

Table::Bill Table::bill_for(const Write& write, double factor) {
  Bill bill;
  const std::size_t bytes = std::max(item_bytes(write.before), item_bytes(write.after));
  double units = write_units(bytes);
  if (write.holds && !write.only_check) {
    for (const TableIndexOptions& index : options_.indexes) {
      if (!index.global) units += index_units(index, write.before, write.after);
    }
  }
  bill.table = units * factor;
  bill.charges.push_back({&writes_, partition_of(write.key.place, writes_), bill.table, {}});
  if (!write.holds || write.only_check) return bill;
  for (auto& [name, index] : globals_) {
    const Value& old = write.before[index.options.partition];
    const Value& next = write.after[index.options.partition];
    const bool moves =
        indexed(index.options, write.before) && indexed(index.options, write.after) && old != next;
    // An entry that moves to another partition key is taken out there and put in here.
    const auto charge = [&](const Value& before, const Value& after) {
      const double more = index_units(index.options, before, after) * factor;
      if (more == 0) return;
      const Value& where = indexed(index.options, after) ? after : before;
      bill.charges.push_back(
          {&index.writes, partition_of(place_of(where[index.options.partition]), index.writes), more, name});
      bill.indexes[name] += more;
    };
    if (moves) {
      charge(write.before, {});
      charge({}, write.after);
    } else {
      charge(write.before, write.after);
    }
  }
  return bill;
}

Expected<bool> Table::pay(Instant now, const Bill& bill, bool debt) {
  for (std::size_t i = 0; i < bill.charges.size(); ++i) {
    const Charge& c = bill.charges[i];
    const Capacity::Verdict verdict = c.of->take(now, c.partition, c.units, debt);
    if (verdict == Capacity::Verdict::ok) continue;
    for (std::size_t k = 0; k < i; ++k)
      bill.charges[k].of->give(bill.charges[k].partition, bill.charges[k].units);
    ++throttled_;
    throttled_by_index_ += c.name.empty() ? 0 : 1;
    std::string of = c.name.empty() ? "the table" : "the global index '" + c.name + "'";
    if (verdict == Capacity::Verdict::partition)
      of = "partition " + std::to_string(c.partition) + " of " + of;
    return refused("ProvisionedThroughputExceededException",
                   "The level of configured provisioned throughput was exceeded: " + of + " lacks " +
                       count(c.units).json() + " units");
  }
  return true;
}

Value Table::units_of(const Bill& bill) const {
  Value::Map answer = {{"units", bill.table}};
  if (!bill.indexes.empty()) {
    Value::Map indexes;
    for (const auto& [name, units] : bill.indexes) indexes.emplace_back(name, units);
    answer.emplace_back("index_units", Value::map(std::move(indexes)));
  }
  return Value::map(std::move(answer));
}

Table::Answer Table::write_one(Instant now, Expected<Write> planned, const std::string& returns) {
  if (!planned) return planned.error();
  const Write& write = *planned;
  if (write.holds) {
    SYSLAB_CHECK(check_sizes(write));
  }
  const Bill bill = bill_for(write, 1);
  SYSLAB_CHECK(pay(now, bill));
  if (!write.holds) {
    ++conditions_failed_;
    return refused("ConditionalCheckFailedException", kNoCondition);
  }
  commit(now, write);
  Value answer = units_of(bill);
  if (returns == "old" && !write.before.is_nil()) answer = answer.with("old", write.before);
  if (returns == "new") answer = answer.with("item", write.after);
  return answer;
}

Table::Answer Table::put(Instant now, const Value& body) {
  return write_one(now, plan_put(body), body["returns"] == Value("old") ? "old" : "");
}

Table::Answer Table::update(Instant now, const Value& body) {
  return write_one(now, plan_update(body), "new");
}

Table::Answer Table::remove(Instant now, const Value& body) {
  return write_one(now, plan_delete(body), body["returns"] == Value("old") ? "old" : "");
}

Table::Answer Table::get(Instant now, const Value& body) {
  if (!body["key"].is_map()) return malformed("get has a 'key', a map");
  SYSLAB_TAKE(key, key_of(body["key"], true));
  const bool strong = body["strong"].truthy();
  const Value item = find(strong ? leader_ : replica_, key);
  Bill bill;
  bill.table = read_units(item_bytes(item), strong);
  bill.charges.push_back({&reads_, partition_of(key.place, reads_), bill.table, {}});
  SYSLAB_CHECK(pay(now, bill));
  ++touched_;
  Value answer = Value::map({{"units", bill.table}});
  return item.is_nil() ? answer : answer.with("item", item);
}

Table::Answer Table::read_range(Instant now, const Value& body, bool whole) {
  // What is read.
  const TableIndexOptions* index = nullptr;
  Global* global = nullptr;
  const bool strong = body["strong"].truthy();
  if (!body["index"].is_nil()) {
    const std::string name(body["index"].is_string() ? body["index"].string() : "?");
    std::vector<std::string> names;
    for (const TableIndexOptions& one : options_.indexes) {
      names.push_back(one.name);
      if (one.name == name) index = &one;
    }
    if (index == nullptr) {
      return invalid("The table does not have the specified index: " + name + did_you_mean(name, names));
    }
    if (index->global) {
      global = &globals_.find(name)->second;
      if (strong) return invalid("Consistent reads are not supported on global secondary indexes");
      if (now < global->ready_at)
        return invalid("Cannot read from backfilling global secondary index: " + name);
    }
  }
  const Store& store = global != nullptr ? global->entries : strong ? leader_ : replica_;
  const std::string& partition_name = index != nullptr ? index->partition : options_.partition_key;
  const std::string& sort_name = index != nullptr ? index->sort : options_.sort_key;
  SYSLAB_TAKE(filter, Condition::parse(body["filter"]));
  std::size_t limit = SIZE_MAX;
  if (!body["limit"].is_nil()) {
    if (!body["limit"].is_number() || body["limit"].number() < 1)
      return malformed("'limit' is a number from 1");
    limit = static_cast<std::size_t>(std::min(body["limit"].number(), 1e15));
  }
  Condition sort;
  if (!body["sort"].is_nil()) {
    if (sort_name.empty()) return invalid("Query condition on a sort key, but there is none");
    SYSLAB_TAKE(parsed, Condition::parse(Value::map({{"sort", body["sort"]}})));
    sort = parsed;
  }
  std::optional<Edge> low, high;
  for (const Condition::Test& test : sort.tests()) {
    using Op = Condition::Op;
    switch (test.op) {
      case Op::equals:
        low = Edge{test.operand, false}, high = Edge{test.operand, true};
        break;
      case Op::less:
      case Op::at_most:
        high = Edge{test.operand, test.op == Op::at_most};
        break;
      case Op::greater:
      case Op::at_least:
        low = Edge{test.operand, test.op == Op::greater};
        break;
      case Op::between:
        low = Edge{test.operand.list()[0], false}, high = Edge{test.operand.list()[1], true};
        break;
      case Op::begins_with:
        if (!test.operand.is_string()) return malformed("begins_with has a text");
        low = Edge{test.operand, false, true}, high = Edge{test.operand, true, true};
        break;
      default:
        return invalid(
            "Query key condition not supported: only equals, less, at_most, greater, at_least, between "
            "and begins_with");
    }
  }
  // Where it was ended the last time.
  std::optional<Key> after;
  if (!body["after"].is_nil()) {
    const Value& last = body["after"];
    if (!last.is_map() || !key_of(last, false) || (index != nullptr && !indexed(*index, last))) {
      return invalid("The provided starting key is invalid");
    }
    after = index != nullptr ? Key{place_of(last[partition_name]), index_sort(*index, last)}
                             : *key_of(last, false);
  }
  const auto fits = [&](const Value& key) {
    return std::all_of(sort.tests().begin(), sort.tests().end(),
                       [&](const Condition::Test& t) { return holds(t, key.list()[0]); });
  };
  if (after && !fits(after->sort)) return invalid("The provided starting key is outside query boundaries");
  const bool reverse = body["reverse"].truthy();
  Place place{};
  if (!whole) {
    if (!is_key(body["partition"]))
      return malformed("query has a 'partition', the value of the partition key");
    place = place_of(body["partition"]);
    if (after && (after->place < place || place < after->place))
      return invalid("The provided starting key is invalid");
  }

  Value::List items;
  std::size_t scanned = 0, bytes = 0;
  Value last;
  std::map<std::size_t, std::size_t> partition_bytes;
  Capacity& capacity = global != nullptr ? global->reads : reads_;
  const bool fetches = body["whole_items"].truthy() && index != nullptr;
  if (fetches && index->global) {
    return invalid(
        "Select type ALL_ATTRIBUTES is not supported for a global secondary index: only what is projected");
  }
  double fetched = 0;
  // False where the page is full.
  const auto visit = [&](const Place& at, const Value& item) {
    if (scanned >= limit || static_cast<double>(bytes) >= options_.limits.page_bytes) return false;
    ++scanned;
    const std::size_t more = item_bytes(item);
    bytes += more;
    partition_bytes[partition_of(at, capacity)] += more;
    last = item;
    Value shown = item;
    if (fetches) {
      shown = find(strong ? leader_ : replica_, *key_of(item, false));
      fetched += read_units(item_bytes(shown), strong);
    }
    if (filter.holds(shown)) items.push_back(std::move(shown));
    return true;
  };
  const auto walk = [&](const Place& at, const Collection& collection) {
    static const Items none;
    const Items* from = &collection.items;
    if (index != nullptr && !index->global) {
      const auto entries = collection.locals.find(index->name);
      from = entries == collection.locals.end() ? &none : &entries->second;
    }
    auto first = low ? from->lower_bound(*low) : from->begin();
    auto end = high ? from->lower_bound(*high) : from->end();
    const bool resumes = after && !(after->place < at) && !(at < after->place);
    if (!reverse) {
      if (resumes) first = from->upper_bound(after->sort);
      for (auto it = first; it != end; ++it) {
        if (fits(it->first) && !visit(at, it->second)) return false;
      }
    } else {
      if (resumes) end = from->lower_bound(after->sort);
      for (auto it = end; it != first;) {
        --it;
        if (fits(it->first) && !visit(at, it->second)) return false;
      }
    }
    return true;
  };
  bool ended = true;
  if (whole) {
    auto at = after ? store.lower_bound(after->place) : store.begin();
    for (; at != store.end() && ended; ++at) ended = walk(at->first, at->second);
  } else if (const auto found = store.find(place); found != store.end()) {
    ended = walk(place, found->second);
  }

  Bill bill;
  const double units = read_units(bytes, strong) + fetched;
  if (partition_bytes.empty()) partition_bytes[whole ? 0 : partition_of(place, capacity)] = 1;
  const double all = static_cast<double>(std::max<std::size_t>(bytes, 1));
  for (const auto& [partition, part] : partition_bytes) {
    bill.charges.push_back({&capacity, partition, units * static_cast<double>(part) / all,
                            global != nullptr ? index->name : std::string()});
  }
  SYSLAB_CHECK(pay(now, bill, true));
  touched_ += scanned;
  Value answer =
      Value::map({{"items", Value::list(std::move(items))}, {"scanned", count(scanned)}, {"units", units}});
  if (!ended) {
    Value::Map keys;
    for (const std::string& name : {options_.partition_key, options_.sort_key, partition_name, sort_name}) {
      if (!name.empty() && !last[name].is_nil()) keys.emplace_back(name, last[name]);
    }
    answer = answer.with("last", Value::map(std::move(keys)));
  }
  return answer;
}

Table::Answer Table::query(Instant now, const Value& body) {
  return read_range(now, body, false);
}

Table::Answer Table::scan(Instant now, const Value& body) {
  return read_range(now, body, true);
}

Table::Answer Table::get_many(Instant now, const Value& body, bool transaction, bool strong) {
  if (!body["keys"].is_list() || body["keys"].list().empty()) return malformed("'keys' is a list of keys");
  const double factor = transaction ? options_.limits.transaction_factor : 1;
  const double most = transaction ? options_.limits.transaction_items : options_.limits.batch_get_items;
  if (static_cast<double>(body["keys"].list().size()) > most) {
    return invalid("Too many items requested: at most " + count(most).json());
  }
  Value::List items, unprocessed;
  Bill all;
  Error throttled;
  for (const Value& one : body["keys"].list()) {
    if (!one.is_map()) return malformed("a key is a map");
    SYSLAB_TAKE(key, key_of(one, true));
    const Value item = find(strong ? leader_ : replica_, key);
    Bill bill;
    bill.table = read_units(item_bytes(item), strong) * factor;
    bill.charges.push_back({&reads_, partition_of(key.place, reads_), bill.table, {}});
    if (transaction) {
      all.charges.push_back(bill.charges[0]);
    } else if (const auto paid = pay(now, bill); !paid) {
      throttled = paid.error();
      unprocessed.push_back(one);
      continue;
    }
    all.table += bill.table;
    ++touched_;
    if (!item.is_nil()) {
      items.push_back(item);
    } else if (transaction) {
      items.push_back(Value::map({}));
    }
  }
  if (transaction) {
    SYSLAB_CHECK(pay(now, all));
    return Value::map({{"items", Value::list(std::move(items))}, {"units", all.table}});
  }
  if (unprocessed.size() == body["keys"].list().size()) return throttled;
  return Value::map({{"items", Value::list(std::move(items))},
                     {"unprocessed", Value::list(std::move(unprocessed))},
                     {"units", all.table}});
}

Table::Answer Table::batch_get(Instant now, const Value& body) {
  return get_many(now, body, false, body["strong"].truthy());
}

Table::Answer Table::transact_get(Instant now, const Value& body) {
  return get_many(now, body, true, true);
}

Table::Answer Table::batch_write(Instant now, const Value& body) {
  Value::List refused_puts, refused_deletes;
  std::vector<std::pair<Value, bool>> all;  // and whether it is a put
  for (const auto& [field, is_put] : {std::pair{"puts", true}, std::pair{"deletes", false}}) {
    if (is_empty(body[field])) continue;
    if (!body[field].is_list()) return malformed(std::string("'") + field + "' is a list");
    for (const Value& one : body[field].list()) all.emplace_back(one, is_put);
  }
  if (all.empty()) return malformed("batch_write has 'puts' or 'deletes'");
  if (static_cast<double>(all.size()) > options_.limits.batch_write_items) {
    return invalid("Too many items requested: at most " + count(options_.limits.batch_write_items).json());
  }
  // What is wrong with one is wrong with the call; what is throttled comes back.
  std::vector<Write> writes;
  std::set<std::pair<Place, Value>> keys;
  for (const auto& [one, is_put] : all) {
    SYSLAB_TAKE(write,
                is_put ? plan_put(Value::map({{"item", one}})) : plan_delete(Value::map({{"key", one}})));
    if (!keys.emplace(write.key.place, write.key.sort).second) {
      return invalid("Provided list of item keys contains duplicates");
    }
    SYSLAB_CHECK(check_sizes(write));
    writes.push_back(write);
  }
  Bill done;
  Error throttled;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    const Bill bill = bill_for(writes[i], 1);
    if (const auto paid = pay(now, bill); !paid) {
      throttled = paid.error();
      (all[i].second ? refused_puts : refused_deletes).push_back(all[i].first);
      continue;
    }
    done.table += bill.table;
    for (const auto& [name, units] : bill.indexes) done.indexes[name] += units;
    commit(now, writes[i]);
  }
  if (refused_puts.size() + refused_deletes.size() == all.size()) return throttled;
  return units_of(done)
      .with("unprocessed_puts", Value::list(std::move(refused_puts)))
      .with("unprocessed_deletes", Value::list(std::move(refused_deletes)));
}

Table::Answer Table::transact_write(Instant now, const Value& body) {
  std::erase_if(tokens_, [&](const auto& token) { return token.second.until <= now; });
  if (body["token"].is_nil()) return transact(now, body);
  if (!body["token"].is_string()) return malformed("'token' is a text");
  const std::string token(body["token"].string());
  if (const auto known = tokens_.find(token); known != tokens_.end()) {
    if (known->second.writes == body["writes"]) return known->second.answer;
    return refused("IdempotentParameterMismatchException", "the token was used with other writes");
  }
  auto answer = transact(now, body);
  if (answer) {
    const Instant until = saturating_add(now, from_seconds(options_.limits.token_seconds));
    tokens_.emplace(token, Token{until, body["writes"], *answer});
  }
  return answer;
}

Table::Answer Table::transact(Instant now, const Value& body) {
  if (!body["writes"].is_list() || body["writes"].list().empty())
    return malformed("'writes' is a list of writes");
  if (static_cast<double>(body["writes"].list().size()) > options_.limits.transaction_items) {
    return invalid("a transaction has at most " + count(options_.limits.transaction_items).json() + " items");
  }
  std::vector<Write> writes;
  std::set<std::pair<Place, Value>> keys;
  Bill all;
  std::string reasons;
  bool holds = true;
  for (const Value& one : body["writes"].list()) {
    SYSLAB_TAKE(write, plan_one(one));
    if (!keys.emplace(write.key.place, write.key.sort).second) {
      return invalid("Transaction request cannot include multiple operations on one item");
    }
    SYSLAB_CHECK(check_sizes(write));
    const Bill bill = bill_for(write, options_.limits.transaction_factor);
    all.table += bill.table;
    for (const auto& [name, units] : bill.indexes) all.indexes[name] += units;
    all.charges.insert(all.charges.end(), bill.charges.begin(), bill.charges.end());
    reasons += (reasons.empty() ? "" : ", ") + std::string(write.holds ? "None" : "ConditionalCheckFailed");
    holds = holds && write.holds;
    writes.push_back(write);
  }
  SYSLAB_CHECK(pay(now, all));
  if (!holds) {
    ++conditions_failed_;
    return refused(
        "TransactionCanceledException",
        "Transaction cancelled, please refer cancellation reasons for specific reasons [" + reasons + "]");
  }
  for (const Write& write : writes) commit(now, write);
  return units_of(all);
}

Table::Answer Table::add_index(Instant now, const Value& body) {
  if (!body["name"].is_string()) return malformed("an index has a 'name'");
  const std::string name(body["name"].string());
  SYSLAB_TAKE(index, table_index(name, true, body, options_));
  TableOptions with = options_;
  with.indexes.push_back(index);
  for (const TableIndexOptions& one : options_.indexes) {
    if (one.name == name) return invalid("Attempting to create an index which already exists: " + name);
  }
  SYSLAB_CHECK(valid(with));
  options_.indexes.push_back(index);
  Global& made = globals_.emplace(name, make_global(index)).first->second;
  for (const auto& [place, collection] : leader_) {
    for (const auto& [sort, item] : collection.items) apply_global(made, {}, item);
  }
  made.ready_at = saturating_add(now, from_seconds(static_cast<double>(items_) / options_.backfill_rate));
  return Value(true);
}

Table::Answer Table::drop_index(Instant, const Value& body) {
  const std::string name(body["name"].is_string() ? body["name"].string() : "?");
  for (auto it = options_.indexes.begin(); it != options_.indexes.end(); ++it) {
    if (it->name != name) continue;
    if (!it->global) return invalid("a local index lives as long as its table");
    options_.indexes.erase(it);
    globals_.erase(name);
    return Value(true);
  }
  return refused("ResourceNotFoundException", "there is no index '" + name + "'");
}

Table::Answer Table::set_capacity(Instant, const Value& body) {
  if (options_.on_demand) return invalid("a table on demand has no capacity to set");
  const TableProfile& limits = options_.limits;
  const auto change = [&](double& reads, double& writes, std::size_t& partitions, Capacity& r,
                          Capacity& w) -> Answer {
    SYSLAB_TAKE(more_reads, amount(body["read_units"], "'read_units'", reads));
    SYSLAB_TAKE(more_writes, amount(body["write_units"], "'write_units'", writes));
    if (std::max(more_reads, more_writes) > limits.table_units) {
      return refused("LimitExceededException",
                     "a table has at most " + count(limits.table_units).json() + " read or write units");
    }
    reads = more_reads, writes = more_writes;
    partitions = std::max(partitions, partitions_for(reads, writes));  // partitions never become fewer
    r.reset(capacity_options(reads, limits.partition_read_units, partitions));
    w.reset(capacity_options(writes, limits.partition_write_units, partitions));
    return Value(true);
  };
  if (body["index"].is_nil()) {
    return change(options_.read_units, options_.write_units, options_.partitions, reads_, writes_);
  }
  const auto index = globals_.find(std::string(body["index"].is_string() ? body["index"].string() : "?"));
  if (index == globals_.end()) return refused("ResourceNotFoundException", "there is no such global index");
  Global& g = index->second;
  std::size_t partitions = g.reads.options().partitions;
  auto changed = change(g.options.read_units, g.options.write_units, partitions, g.reads, g.writes);
  for (TableIndexOptions& one : options_.indexes) {
    if (one.name == g.options.name) one = g.options;
  }
  return changed;
}

Table::Answer Table::describe(Instant now, const Value&) {
  Value::Map indexes;
  for (const TableIndexOptions& index : options_.indexes) {
    Value::Map d = {{"kind", index.global ? "global" : "local"}, {"partition", index.partition}};
    if (!index.sort.empty()) d.emplace_back("sort", index.sort);
    if (index.global) {
      const Global& g = globals_.find(index.name)->second;
      std::size_t entries = 0;
      for (const auto& [place, collection] : g.entries) entries += collection.items.size();
      d.emplace_back("status", now < g.ready_at ? "CREATING" : "ACTIVE");
      d.emplace_back("items", count(entries));
      d.emplace_back("coming", count(g.coming.size()));
      d.emplace_back("read_units", g.reads.used());
      d.emplace_back("write_units", g.writes.used());
    }
    indexes.emplace_back(index.name, Value::map(std::move(d)));
  }
  Value out = describe_profile(options_.limits);
  for (auto& [name, value] : Value::Map{{"name", options_.name},
                                        {"items", count(items_)},
                                        {"bytes", count(bytes_)},
                                        {"mode", options_.on_demand ? "on_demand" : "provisioned"},
                                        {"partitions", count(options_.partitions)},
                                        {"read_units", reads_.used()},
                                        {"write_units", writes_.used()},
                                        {"indexes", Value::map(std::move(indexes))}}) {
    out = out.with(name, value);
  }
  return out;
}

Table::Answer Table::heat(Instant, const Value&) {
  std::vector<std::size_t> items(options_.partitions, 0);
  for (const auto& [place, collection] : leader_)
    items[partition_of(place, reads_)] += collection.items.size();
  Value::List out;
  for (std::size_t p = 0; p < options_.partitions; ++p) {
    out.push_back(Value::map({{"items", count(items[p])},
                              {"read_units", reads_.used(p)},
                              {"write_units", writes_.used(p)},
                              {"refused", count(reads_.refused(p) + writes_.refused(p))}}));
  }
  return Value::list(std::move(out));
}

Value Table::show() const {
  return Value::map({{"items", count(items_)},
                     {"bytes", count(bytes_)},
                     {"read_units", reads_.used()},
                     {"write_units", writes_.used()},
                     {"throttled", count(throttled_)},
                     {"throttled_by_index", count(throttled_by_index_)},
                     {"conditions_failed", count(conditions_failed_)}});
}

void Table::check_invariants(Instant now) {
  advance(saturating_add(now, std::max(options_.replica_lag, options_.index_lag)));
  std::size_t items = 0, bytes = 0;
  for (const auto& [place, collection] : leader_) {
    SYSLAB_ASSERT(!collection.items.empty());
    const auto copy = replica_.find(place);
    SYSLAB_ASSERT(copy != replica_.end() && copy->second.items == collection.items);
    SYSLAB_ASSERT(copy->second.locals == collection.locals && copy->second.bytes == collection.bytes);
    for (const auto& [sort, item] : collection.items) {
      ++items;
      bytes += item_bytes(item);
      for (const TableIndexOptions& index : options_.indexes) {
        const bool belongs = indexed(index, item);
        if (index.global) {
          const Store& entries = globals_.find(index.name)->second.entries;
          const auto at = belongs ? entries.find(place_of(item[index.partition])) : entries.end();
          SYSLAB_ASSERT(!belongs || (at != entries.end() &&
                                     at->second.items.at(index_sort(index, item)) == project(index, item)));
        } else {
          const Items& entries = collection.locals.at(index.name);
          SYSLAB_ASSERT(entries.contains(index_sort(index, item)) == belongs);
        }
      }
    }
  }
  SYSLAB_ASSERT(items == items_ && bytes == bytes_ && replica_.size() == leader_.size());
}

}  // namespace syslab

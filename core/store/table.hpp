// Table: items with a partition key and perhaps a sort key, in partitions by the hash of the partition key,
// with capacity in units, conditional writes, transactions, and secondary indexes, as DynamoDB has them.
//
// A pure state machine (an Engine). An item is a map; its key attributes are numbers or texts. Requests:
//
//   put {item, condition, returns}
//       -> {units, index_units, old}; `returns` is "old" or "none"
//   get {key, strong}
//       -> {item, units}; no item is no error
//   update {key, set, add, remove, condition}
//       -> {item, units}; makes the item where there is none
//   delete {key, condition, returns}
//       -> {units, old}
//   query {partition, sort, index, filter, limit, reverse, after, strong, whole_items}
//       -> {items, scanned, units, last}
//   scan {index, filter, limit, after, strong}
//       -> the same
//   batch_get {keys, strong}
//       -> {items, unprocessed, units}
//   batch_write {puts, deletes}
//       -> {unprocessed_puts, unprocessed_deletes, units}
//   transact_write {writes = {{put | update | delete | check = ..., condition, set ...}}, token}
//       -> {units}; with the same token again: the same answer, and nothing is done
//   transact_get {keys}
//       -> {items, units}; an empty map where there is none
//   add_index {name, partition, sort, projection, include, read_units, write_units}, drop_index {name}
//       -> true
//   set_capacity {read_units, write_units, index}
//       -> true
//   describe, heat {}
//       -> sizes, capacity, indexes and limits; {items, read_units, write_units, refused} of each partition
//
// `sort` is a value or a test of it (see condition.hpp); `filter` is a condition on what was read: it saves
// nothing. `last` is given where a page or the limit ended the reading: the next request's `after`.
//
// Units. A write costs one for each KiB of the larger of the old and the new item, a strong read one for each
// 4 KiB, an eventual read half of that, either in a transaction twice. A failed condition costs what the
// write would have.
//
// Reads are eventual unless `strong`. An eventual read sees the table as it was `replica_lag` ago. (Vendors
// promise less: usually a second. Ours is always the oldest it may be, so that what can go wrong does.)
//
// Indexes. Local: same partition key, another sort key, made with the table; strong or eventual; its writes
// cost the table's units; `whole_items` fetches what is not projected, a read each; with one, the items and
// local entries of one partition key may have 10 GiB together. Global: any key, added or removed at any time
// (an added one is filled first: items / backfill_rate seconds, in which it cannot be read); eventual only,
// as of `index_lag` ago; own capacity. A write that a global index lacks capacity for is refused by the
// table. An item that lacks an index's key attributes is not in it.
//
// Error codes are those of DynamoDB; all are definite: nothing was changed.
// ProvisionedThroughputExceededException says how much was lacking of what (table, partition, index), but not
// when to come again.
//
// Cost: O(log items) a request beside what it reads; each item is kept once for strong and once for eventual
// reads (shared where equal). Source: DynamoDB developer guide; whitepaper "GSI considerations".
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "core/store/capacity.hpp"
#include "core/store/condition.hpp"
#include "core/store/engine.hpp"
#include "core/store/table_profile.hpp"

namespace syslab {

struct TableIndexOptions {
  enum class Projection : std::uint8_t { keys_only, include, all };
  std::string name;
  bool global = false;
  std::string partition = {};  // of a local one: the table's
  std::string sort = {};
  Projection projection = Projection::all;
  std::vector<std::string> include = {};
  double read_units = 0;  // of a global one
  double write_units = 0;
};

struct TableOptions {
  std::string name = "table";
  std::string partition_key = "id";
  std::string sort_key = {};  // "": none
  bool on_demand = false;
  double read_units = 5;  // a second
  double write_units = 5;
  bool adaptive = true;
  std::size_t partitions = 0;                            // 0: as many as the capacity needs
  Duration replica_lag = std::chrono::milliseconds(20);  // the three are ours
  Duration index_lag = std::chrono::milliseconds(100);
  double backfill_rate = 10000;  // items a second
  std::vector<TableIndexOptions> indexes = {};
  TableProfile limits = *find_table_profile("dynamodb-2024");
};

// Reads an index from its description; names what is wrong with it. Errors: malformed.
Expected<TableIndexOptions> table_index(const std::string& name, bool global, const Value& description,
                                        const TableOptions& table);

// What an item counts as: the bytes of names and texts, of numbers about half a byte a digit and one, one for
// a boolean, three and one an entry for a list or map.
std::size_t item_bytes(const Value& item);

class Table final : public Engine {
 public:
  // Requires: indexes within the limits; see valid().
  explicit Table(TableOptions options);
  // Errors: malformed or the code that the service would answer, where the options cannot be had.
  static Expected<bool> valid(const TableOptions& options);

  const TableOptions& options() const { return options_; }

  std::string_view kind() const override { return "table"; }
  std::shared_ptr<Engine> fresh() const override { return std::make_shared<Table>(options_); }
  bool knows(std::string_view verb) const override;
  bool changes(std::string_view verb) const override;
  void ask(Instant now, std::string_view verb, const Value& body, Done done) override;
  Value again(std::string_view verb, const Value& body, const Value& answer) const override;
  void advance(Instant now) override;
  std::optional<Instant> next_event() const override { return {}; }  // whoever reads lets it advance
  std::uint64_t rows_touched() const override { return touched_; }
  Value show() const override;

  // For tests: what indexes and the replica will hold when all has arrived is what they should.
  void check_invariants(Instant now);

 private:
  using Answer = Expected<Value>;
  using Action = Answer (Table::*)(Instant now, const Value& body);
  struct Verb {
    Action action;
    bool changes;
    std::vector<std::string> fields;
  };
  static const std::map<std::string, Verb, std::less<>>& verbs();

  // A test that a sorted range begins or ends with: before or after all whose first sort value equals `value`
  // (with `prefix`, begins with it).
  struct Edge {
    Value value;
    bool after = false;
    bool prefix = false;
  };
  struct SortLess {
    using is_transparent = void;
    bool operator()(const Value& a, const Value& b) const { return a < b; }
    bool operator()(const Value& a, const Edge& b) const;
    bool operator()(const Edge& a, const Value& b) const;
  };
  // By a list: the sort value, and in an index also the item's own key.
  using Items = std::map<Value, Value, SortLess>;
  struct Place {
    std::uint64_t hash;
    Value partition;
    bool operator<(const Place& o) const { return hash != o.hash ? hash < o.hash : partition < o.partition; }
  };
  struct Collection {
    Items items;
    std::map<std::string, Items> locals;
    std::size_t bytes = 0;  // with local entries
  };
  using Store = std::map<Place, Collection>;
  struct Change {  // of one item: nil is none
    Instant due;
    Value before;
    Value after;
  };
  struct Global {
    TableIndexOptions options;
    Capacity reads;
    Capacity writes;
    Instant ready_at{};
    Store entries = {};
    std::deque<Change> coming = {};
  };
  struct Key {
    Place place;
    Value sort;  // a list
  };
  struct Write {
    Key key;
    Value before;
    Value after;
    bool only_check = false;
    bool holds = true;  // its condition
  };
  struct Token {  // of a transaction that may be asked for again
    Instant until;
    Value writes;
    Value answer;
  };
  struct Charge {
    Capacity* of;
    std::size_t partition;
    double units;
    std::string name;
  };
  struct Bill {
    std::vector<Charge> charges = {};
    double table = 0;
    std::map<std::string, double> indexes = {};
  };

  static Place place_of(const Value& partition) { return {partition.hash(), partition}; }
  static std::size_t partition_of(const Place& place, const Capacity& capacity);
  static bool is_key(const Value& v) { return v.is_number() || v.is_string(); }
  static const Value& find(const Store& store, const Key& key);
  Capacity::Options capacity_options(double rate, double ceiling, std::size_t partitions) const;
  std::size_t partitions_for(double read_units, double write_units) const;
  Global make_global(const TableIndexOptions& index) const;

  Expected<Key> key_of(const Value& attributes, bool exact) const;
  bool indexed(const TableIndexOptions& index, const Value& item) const;
  Value project(const TableIndexOptions& index, const Value& item) const;
  Value index_sort(const TableIndexOptions& index, const Value& item) const;
  double write_units(std::size_t bytes) const;
  double read_units(std::size_t bytes, bool strong) const;
  double index_units(const TableIndexOptions& index, const Value& before, const Value& after) const;

  void apply(Store& store, const Key& key, const Value& before, const Value& after);
  void apply_global(Global& index, const Value& before, const Value& after) const;
  void commit(Instant now, const Write& write);

  Expected<Write> plan_put(const Value& body);
  Expected<Write> plan_update(const Value& body);
  Expected<Write> plan_delete(const Value& body);
  Expected<Write> plan_one(const Value& one);
  Expected<bool> check_condition(Write& write, const Value& condition) const;
  Expected<bool> check_sizes(const Write& write);
  Bill bill_for(const Write& write, double factor);
  Expected<bool> pay(Instant now, const Bill& bill, bool debt = false);
  Answer write_one(Instant now, Expected<Write> planned, const std::string& returns);
  Value units_of(const Bill& bill) const;
  Answer read_range(Instant now, const Value& body, bool whole);
  Answer get_many(Instant now, const Value& body, bool transaction, bool strong);

  Answer put(Instant now, const Value& body);
  Answer get(Instant now, const Value& body);
  Answer update(Instant now, const Value& body);
  Answer remove(Instant now, const Value& body);
  Answer query(Instant now, const Value& body);
  Answer scan(Instant now, const Value& body);
  Answer batch_get(Instant now, const Value& body);
  Answer batch_write(Instant now, const Value& body);
  Answer transact_write(Instant now, const Value& body);
  Answer transact(Instant now, const Value& body);
  Answer transact_get(Instant now, const Value& body);
  Answer add_index(Instant now, const Value& body);
  Answer drop_index(Instant now, const Value& body);
  Answer set_capacity(Instant now, const Value& body);
  Answer describe(Instant now, const Value& body);
  Answer heat(Instant now, const Value& body);

  TableOptions options_;
  Capacity reads_;
  Capacity writes_;
  Store leader_;
  Store replica_;              // the oldest that an eventual read sees
  std::deque<Change> coming_;  // to the replica
  std::map<std::string, Global> globals_;
  std::map<std::string, Token> tokens_;
  std::uint64_t touched_ = 0;
  std::size_t items_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t throttled_ = 0;
  std::uint64_t throttled_by_index_ = 0;
  std::uint64_t conditions_failed_ = 0;
};

}  // namespace syslab

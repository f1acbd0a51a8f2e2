// Relational: tables with a schema, transactions at four isolation levels, locks, indexes and joins. No SQL
// text: queries are maps.
//
// A pure state machine (an Engine). Requests; those marked * take `tx` (from begin), or run as a transaction
// of their own, then with `isolation` if they like:
//
//   create_table {name, primary_key = {columns}, columns = {NAME = type or description}}
//       types: integer, number, text, boolean, any; a description is a map of type, not_null, unique,
//       default, and references = "table.column"
//   create_index {table, columns, unique, name, rewrite}, drop_index {table, name}, drop_table {table}
//   alter_table {table, add = {name, type, ...} or drop = column, rewrite}
//   begin {isolation}
//       -> {tx}
//   commit, rollback {tx}
//       -> {commit}, true
//   insert* {table, rows or row}, update* {table, where, set, add, append}, delete* {table, where}
//       -> {inserted}, {updated}, {deleted}
//   select* {table, as, where, join, group, compute, having, order, columns, limit, offset, for_update}
//       -> list of rows
//   explain* {like select}
//       -> {rows, rows_read, plan}
//   describe, locks {}
//       -> the tables; {held, waiting}
//
// join = { { table = "users", as = "u", on = { ["orders.user"] = "id" }, kind = "inner" or "left", using } }:
// the rows are then maps of table names (or `as`) to rows, and paths begin with those names. `using` is
// "index" (where the other table has one on the column), "hash", "nested_loop"; left out, the first of them
// that is possible.
//
// Isolation. Rows have versions; each row that is written is locked until the transaction ends, at every
// level, so there are no dirty writes.
//   read_uncommitted
//       sees the latest version, committed or not: dirty reads
//   read_committed
//       each statement sees what was committed when it began: reads may differ, updates be lost
//   repeatable_read
//       the transaction sees what was committed at its first statement, and the second of two that write the
//       same row fails (snapshot isolation): write skew is left
//   serializable
//       and dangerous structures of read-write conflicts are broken by failing a transaction: serializable
//       snapshot isolation. Reads are remembered as conditions, so phantoms count. Some transactions fail
//       that need not (two flags a transaction, as in the paper)
//
// Waiting. Who needs a lock that another transaction holds waits for that to end, and then runs the statement
// again; a circle of such waits fails its youngest wait (deadlock_detected). A statement shares its tables
// until its transaction ends; a change of schema needs its table alone, waits for all who use it, and whoever
// comes after waits behind it. With `rewrite` (the default where rows have to change) it then takes
// `rewrite_time` a row. A new row shares the rows that it references.
//
// A statement that fails ends its transaction (in_failed_sql_transaction until it is rolled back). Error
// codes are PostgreSQL's: serialization_failure, deadlock_detected, lock_not_available, unique_violation,
// not_null_violation, foreign_key_violation, datatype_mismatch, undefined_table, undefined_column,
// duplicate_table, ... All are definite.
//
// Cost: O(log n) a row by an index, O(n) a scan; a serializable statement also looks at each concurrent one's
// reads or writes. Versions that nobody can see are removed when transactions end. Papers: Berenson et al.
// 1995, "A critique of ANSI SQL isolation levels"; Cahill, Roehm & Fekete 2008, "Serializable isolation for
// snapshot databases"; Ports & Grittner 2012 (PostgreSQL's).
#pragma once

#include <deque>
#include <list>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/store/condition.hpp"
#include "core/store/engine.hpp"
#include "core/store/query.hpp"
#include "core/store/row_index.hpp"

namespace syslab {

enum class TxIsolation : std::uint8_t { read_uncommitted, read_committed, repeatable_read, serializable };
const std::vector<std::string>& tx_isolations();
std::optional<TxIsolation> tx_isolation(std::string_view name);

struct RelationalOptions {
  TxIsolation isolation = TxIsolation::read_committed;  // where a transaction does not say
  Duration rewrite_time = Duration::zero();             // a row, of a change of schema
  Duration lock_timeout = Duration::zero();             // a longer wait fails; zero: none does
  Duration idle_timeout =
      Duration::zero();  // a transaction without a request for so long is ended; zero: never
};

class Relational final : public Engine {
 public:
  explicit Relational(RelationalOptions options = {}) : options_(options) {}

  const RelationalOptions& options() const { return options_; }

  std::string_view kind() const override { return "relational"; }
  std::shared_ptr<Engine> fresh() const override { return std::make_shared<Relational>(options_); }
  bool knows(std::string_view verb) const override;
  bool changes(std::string_view verb) const override;
  void ask(Instant now, std::string_view verb, const Value& body, Done done) override;
  void advance(Instant now) override;
  std::optional<Instant> next_event() const override;
  Value again(std::string_view verb, const Value& body, const Value& answer) const override;
  void end_sessions() override;
  std::uint64_t rows_touched() const override { return touched_; }
  Value show() const override;

  // For tests: indexes agree with rows, locks with transactions, and no version is kept that nobody can see.
  void check_invariants() const;

 private:
  using Answer = Expected<Value>;
  using TxId = std::uint64_t;
  struct Tx;
  struct Verb {
    Answer (Relational::*action)(Instant now, Tx& tx, const Value& body);
    bool changes;
    bool schema;  // needs its table alone, and is a transaction of its own
    std::vector<std::string> fields;
  };
  static const std::map<std::string, Verb, std::less<>>& verbs();

  struct Column {
    std::string name;
    std::string type;
    bool not_null = false;
    Value fallback = {};
    std::string references_table = {};
    std::string references_column = {};
  };
  struct Version {
    Value row;  // nil: deleted
    TxId writer;
    std::uint64_t commit;  // 0: not yet
  };
  struct Record {
    std::vector<Version> versions = {};  // oldest first
    TxId exclusive = 0;
    std::set<TxId> shared = {};
  };
  struct TableData {
    std::string name;
    std::map<std::string, Column> columns = {};
    std::vector<std::string> primary_key = {};
    std::map<RowId, Record> records = {};
    std::list<RowIndex> indexes = {};
    RowId next = 1;
    std::set<TxId> shared = {};
    TxId exclusive = 0;
  };
  using RowRef = std::pair<std::string, RowId>;
  struct Change {
    std::string table;
    Value before;
    Value after;
  };
  struct Read {
    std::string table;
    Condition where;
  };
  struct Tx {
    TxId id = 0;
    TxIsolation isolation = TxIsolation::read_committed;
    bool own = false;  // one statement
    bool failed = false;
    bool doomed = false;  // another one's commit made it impossible
    std::uint64_t snapshot = 0;
    bool has_snapshot = false;
    bool fresh = true;  // no statement has been carried out
    Instant last{};
    std::set<RowRef> written = {};
    std::set<RowRef> locked = {};
    std::set<std::string> tables = {};
    // Of serializable ones: what was read and written, and whether another one read what this wrote (in), or
    // this read what another one wrote (out), concurrently.
    std::vector<Read> reads = {};
    std::vector<Change> writes = {};
    bool in = false, out = false;
    std::uint64_t commit = 0;
  };
  struct Waiting {
    std::uint64_t arrival;
    TxId tx;
    std::string verb;
    Value body;
    Done done;
    Instant since;
    std::vector<TxId> on = {};
  };
  struct Working {  // a change of schema that takes its time
    Instant until;
    TxId tx;
    std::string verb;
    Value body;
    Done done;
  };
  struct Hit {
    RowId id;
    Value row;
  };

  // Transactions.
  Tx& make_tx(Instant now, TxIsolation isolation, bool own);
  void run(Instant now, Waiting statement);
  void wake(Instant now);
  void say(Done done, Answer answer) { said_.emplace_back(std::move(done), std::move(answer)); }
  void drain();
  Answer commit_tx(Tx& tx);
  void roll_back(Tx& tx);
  void release(Tx& tx);
  void forget(TxId id);
  bool circle(TxId from) const;
  void vacuum();
  Error blocked(std::vector<TxId> on);

  // Locks. Errors: "blocked", with who it is in blocked_on_.
  Expected<bool> share_table(Tx& tx, TableData& table);
  Expected<bool> own_table(Tx& tx, TableData& table);
  Expected<bool> own_row(Tx& tx, TableData& table, RowId id);
  Expected<bool> share_row(Tx& tx, TableData& table, RowId id);

  // Rows.
  Expected<TableData*> table_of(const Value& name);
  const Value& visible(const Tx& tx, const Record& record) const;
  static const Value& latest(const Record& record) { return record.versions.back().row; }
  std::vector<Hit> scan(Tx& tx, TableData& table, const std::string& as, const Condition& where,
                        Value::List* plan);
  void write(Tx& tx, TableData& table, RowId id, Value row);
  static void unindex(TableData& table, const Record& record, RowId id, const Value& row);
  static bool fits_type(const std::string& type, const Value& value);
  Expected<Value> checked_row(const TableData& table, const Value& row) const;
  Expected<bool> check_unique(Tx& tx, TableData& table, RowId self, const Value& row);
  Expected<bool> check_parents(Tx& tx, const TableData& table, const Value& before, const Value& row);
  Expected<bool> check_children(Tx& tx, const TableData& table, const Value& before, const Value& after);
  Expected<bool> check_write(Tx& tx, TableData& table, RowId self, const Value& before, const Value& after);
  Expected<bool> own_hits(Tx& tx, TableData& table, const std::vector<Hit>& hits);
  Expected<bool> check_paths(const std::map<std::string, TableData*>& scope, bool joined,
                             const std::vector<std::string>& paths) const;
  Expected<Column> column_from(const std::string& name, const Value& description) const;
  Expected<std::vector<Value>> select_rows(Tx& tx, const Value& body, Value::List* plan);

  // Serializable ones.
  void conflict(Tx& reader, Tx& writer, Tx& current);
  template <class Visit>
  void for_concurrent(Tx& tx, const Visit& visit);
  void note_read(Tx& tx, const std::string& table, const Condition& where);
  void note_write(Tx& tx, const std::string& table, const Value& before, const Value& after);

  Answer create_table(Instant now, Tx& tx, const Value& body);
  Answer drop_table(Instant now, Tx& tx, const Value& body);
  Answer create_index(Instant now, Tx& tx, const Value& body);
  Answer drop_index(Instant now, Tx& tx, const Value& body);
  Answer alter_table(Instant now, Tx& tx, const Value& body);
  Answer insert(Instant now, Tx& tx, const Value& body);
  Answer update(Instant now, Tx& tx, const Value& body);
  Answer remove(Instant now, Tx& tx, const Value& body);
  Answer select(Instant now, Tx& tx, const Value& body);
  Answer explain(Instant now, Tx& tx, const Value& body);
  Answer describe() const;
  Answer locks() const;
  // How long the change of schema takes, once it has its table.
  Duration work(std::string_view verb, const Value& body) const;

  RelationalOptions options_;
  std::map<std::string, TableData> tables_;
  std::map<TxId, Tx> txs_;      // under way
  std::deque<Tx> committed_;    // serializable ones that some transaction under way is concurrent to
  std::list<Waiting> waiting_;  // by arrival
  std::vector<Working> working_;
  std::vector<TxId> blocked_on_;
  std::deque<std::pair<Done, Answer>> said_;
  bool draining_ = false;
  struct Old {
    std::uint64_t commit;
    RowRef row;
  };
  std::deque<Old> old_;      // rows with versions that nobody will see
  std::uint64_t clock_ = 1;  // commits
  TxId next_tx_ = 1;
  TxId next_own_ =
      TxId{1} << 40;  // of single statements, so that a restart gives the others the same numbers
  std::uint64_t next_arrival_ = 1;
  std::uint64_t touched_ = 0;
  std::uint64_t commits_ = 0;
  std::uint64_t rollbacks_ = 0;
  std::uint64_t waits_ = 0;
  std::uint64_t deadlocks_ = 0;
  std::uint64_t serialization_failures_ = 0;
};

}  // namespace syslab

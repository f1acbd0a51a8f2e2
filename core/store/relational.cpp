#include "core/store/relational.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/nearest.hpp"
#include "core/store/answer.hpp"

namespace syslab {
namespace {

constexpr std::string_view kBlocked = "blocked";

std::string text_of(const Value& v) {
  return v.is_string() ? std::string(v.string()) : std::string();
}

Expected<std::vector<std::string>> names_in(const Value& given, std::string_view what) {
  std::vector<std::string> out;
  if (given.is_string()) return std::vector<std::string>{std::string(given.string())};
  if (!given.is_list()) return malformed(std::string(what) + " is a list of columns");
  for (const Value& one : given.list()) {
    if (!one.is_string()) return malformed(std::string(what) + " is a list of columns");
    out.emplace_back(one.string());
  }
  return out;
}

template <class Map>
std::vector<std::string> keys(const Map& map) {
  std::vector<std::string> out;
  for (const auto& [key, value] : map) out.push_back(key);
  return out;
}

Value without(const Value& row, std::string_view column) {
  Value::Map kept;
  for (const auto& entry : row.map()) {
    if (entry.first != column) kept.push_back(entry);
  }
  return Value::map(std::move(kept));
}

std::vector<std::string> select_fields() {
  std::vector<std::string> fields = {"table", "as", "where", "join", "for_update", "tx", "isolation"};
  fields.insert(fields.end(), QueryTail::fields().begin(), QueryTail::fields().end());
  return fields;
}

Value ids(const auto& all) {
  Value::List list;
  for (const auto id : all) list.push_back(count(id));
  return Value::list(std::move(list));
}

}  // namespace

const std::vector<std::string>& tx_isolations() {
  static const std::vector<std::string> names = {"read_uncommitted", "read_committed", "repeatable_read",
                                                 "serializable"};
  return names;
}

std::optional<TxIsolation> tx_isolation(std::string_view name) {
  const auto& names = tx_isolations();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<TxIsolation>(found - names.begin());
}

const std::map<std::string, Relational::Verb, std::less<>>& Relational::verbs() {
  using R = Relational;
  static const std::map<std::string, Verb, std::less<>> verbs = {
      {"create_table", {&R::create_table, true, true, {"name", "columns", "primary_key"}}},
      {"drop_table", {&R::drop_table, true, true, {"table"}}},
      {"create_index", {&R::create_index, true, true, {"table", "columns", "unique", "name", "rewrite"}}},
      {"drop_index", {&R::drop_index, true, true, {"table", "name"}}},
      {"alter_table", {&R::alter_table, true, true, {"table", "add", "drop", "rewrite"}}},
      {"begin", {nullptr, true, false, {"isolation"}}},
      {"commit", {nullptr, true, false, {"tx"}}},
      {"rollback", {nullptr, true, false, {"tx"}}},
      {"insert", {&R::insert, true, false, {"table", "row", "rows", "tx", "isolation"}}},
      {"update", {&R::update, true, false, {"table", "where", "set", "add", "append", "tx", "isolation"}}},
      {"delete", {&R::remove, true, false, {"table", "where", "tx", "isolation"}}},
      {"select", {&R::select, false, false, select_fields()}},
      {"explain", {&R::explain, false, false, select_fields()}},
      {"describe", {nullptr, false, false, {}}},
      {"locks", {nullptr, false, false, {}}},
  };
  return verbs;
}

bool Relational::knows(std::string_view verb) const {
  return verbs().contains(verb);
}

bool Relational::changes(std::string_view verb) const {
  return verbs().find(verb)->second.changes;
}

// Every answer goes out at the end, when nothing is half done: whoever hears it may ask again.
void Relational::drain() {
  if (draining_) return;
  draining_ = true;
  while (!said_.empty()) {
    auto [done, answer] = std::move(said_.front());
    said_.pop_front();
    done(std::move(answer));
  }
  draining_ = false;
}

void Relational::ask(Instant now, std::string_view verb, const Value& body, Done done) {
  advance(now);
  const Verb& v = verbs().find(verb)->second;
  std::optional<TxIsolation> isolation = options_.isolation;
  Tx* tx = nullptr;
  const auto prepared = [&]() -> Answer {
    SYSLAB_CHECK(check_fields(verb, body, v.fields));
    if (!body["isolation"].is_nil()) {
      isolation = tx_isolation(text_of(body["isolation"]));
      if (!isolation) {
        return malformed("there is no isolation level " + body["isolation"].json() +
                         did_you_mean(text_of(body["isolation"]), tx_isolations()));
      }
    }
    if (verb == "describe") return describe();
    if (verb == "locks") return locks();
    if (verb == "begin") return Value::map({{"tx", count(make_tx(now, *isolation, false).id)}});
    const bool ends = verb == "commit" || verb == "rollback";
    if (body["tx"].is_nil()) {
      if (ends) return malformed(std::string(verb) + " has a 'tx'");
      return Value();
    }
    const auto found =
        body["tx"].is_number() ? txs_.find(static_cast<TxId>(body["tx"].number())) : txs_.end();
    if (found == txs_.end()) {
      return refused("no_active_sql_transaction", "there is no transaction " + body["tx"].json());
    }
    tx = &found->second;
    tx->last = now;
    const auto waits =
        std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& w) { return w.tx == tx->id; });
    if (waits != waiting_.end() && verb != "rollback") {
      return refused("active_sql_transaction", "its last statement still waits for a lock");
    }
    if (waits != waiting_.end()) {
      say(std::move(waits->done), refused("query_canceled", "the transaction is rolled back"));
      waiting_.erase(waits);
    }
    if (verb == "rollback") {
      if (!tx->failed) roll_back(*tx);
      forget(tx->id);
      return Value(true);
    }
    if (tx->failed) {
      if (ends) forget(tx->id);
      return refused("in_failed_sql_transaction", "the transaction failed and was rolled back" +
                                                      std::string(ends ? "" : ": end it first"));
    }
    if (verb == "commit") {
      const TxId id = tx->id;
      auto committed = commit_tx(*tx);
      forget(id);
      return committed;
    }
    return Value();
  }();
  if (!prepared || v.action == nullptr) {
    say(std::move(done), prepared);
  } else {
    if (tx == nullptr) tx = &make_tx(now, *isolation, true);
    run(now, {next_arrival_++, tx->id, std::string(verb), body, std::move(done), now, {}});
  }
  wake(now);
  drain();
}

Relational::Tx& Relational::make_tx(Instant now, TxIsolation isolation, bool own) {
  Tx tx;
  tx.id = own ? next_own_++ : next_tx_++;
  tx.isolation = isolation;
  tx.own = own;
  tx.last = now;
  return txs_.emplace(tx.id, std::move(tx)).first->second;
}

// Carries out a statement, or puts it among those that wait.
void Relational::run(Instant now, Waiting statement) {
  Tx& tx = txs_.find(statement.tx)->second;
  const Verb& v = verbs().find(statement.verb)->second;
  const bool snapshots =
      tx.isolation == TxIsolation::repeatable_read || tx.isolation == TxIsolation::serializable;
  if (!snapshots || !tx.has_snapshot) {
    tx.snapshot = clock_;
    tx.has_snapshot = snapshots;
  }
  blocked_on_.clear();
  Answer answer = Value();
  if (v.schema && statement.verb != "create_table") {
    auto table = table_of(statement.body["table"]);
    const auto owned = table ? own_table(tx, **table) : Expected<bool>(table.error());
    if (!owned) answer = owned.error();
    if (const Duration takes = owned ? work(statement.verb, statement.body) : Duration::zero();
        takes > Duration::zero()) {
      working_.push_back({saturating_add(now, takes), tx.id, std::move(statement.verb),
                          std::move(statement.body), std::move(statement.done)});
      return;
    }
  }
  if (answer) answer = (this->*v.action)(now, tx, statement.body);
  if (answer && tx.doomed) {
    ++serialization_failures_;
    answer = refused("serialization_failure", "could not serialize access due to read/write dependencies");
  }
  if (!answer && answer.error().code == kBlocked) {
    // It has seen nothing yet that it could hold on to: a first statement sees what is there when it goes on.
    if (tx.fresh) tx.has_snapshot = false;
    const bool first = statement.on.empty();
    statement.on = std::move(blocked_on_);
    const TxId id = statement.tx;
    const auto place = std::find_if(waiting_.begin(), waiting_.end(),
                                    [&](const Waiting& w) { return w.arrival > statement.arrival; });
    if (first) ++waits_;
    const auto here = waiting_.insert(place, std::move(statement));
    if (!circle(id)) return;
    ++deadlocks_;
    Done done = std::move(here->done);
    waiting_.erase(here);
    roll_back(tx);
    if (tx.own) forget(id);
    return say(std::move(done),
               refused("deadlock_detected", "transactions wait for one another in a circle"));
  }
  tx.last = now;
  tx.fresh = false;
  const bool wrong = !answer && answer.error().code == "malformed";
  if (!answer && !(wrong && !tx.own)) roll_back(tx);
  if (tx.own) {
    const TxId id = tx.id;
    if (answer) {
      const auto committed = commit_tx(tx);
      if (!committed) answer = committed.error();
    }
    forget(id);
  }
  say(std::move(statement.done), std::move(answer));
}

// Tries again those whose wait may be over, in the order in which they came.
void Relational::wake(Instant now) {
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    const auto ended = [&](TxId id) { return !txs_.contains(id) || txs_.find(id)->second.failed; };
    // A table's queue moves on, too, when the change of schema before it has got its lock and then is at
    // work.
    if (std::none_of(it->on.begin(), it->on.end(), ended)) {
      ++it;
      continue;
    }
    Waiting statement = std::move(*it);
    waiting_.erase(it);
    run(now, std::move(statement));
    it = waiting_.begin();
  }
}

void Relational::advance(Instant now) {
  for (;;) {
    const auto next = next_event();
    if (!next || *next > now) break;
    const auto done =
        std::find_if(working_.begin(), working_.end(), [&](const Working& w) { return w.until <= *next; });
    if (done != working_.end()) {
      Working w = std::move(*done);
      working_.erase(done);
      Tx& tx = txs_.find(w.tx)->second;
      Answer answer = (this->*verbs().find(w.verb)->second.action)(*next, tx, w.body);
      if (answer) {
        const auto committed = commit_tx(tx);
        if (!committed) answer = committed.error();
      } else {
        roll_back(tx);
      }
      forget(w.tx);
      say(std::move(w.done), std::move(answer));
    }
    if (options_.lock_timeout > Duration::zero()) {
      for (auto it = waiting_.begin(); it != waiting_.end();) {
        if (saturating_add(it->since, options_.lock_timeout) > *next) {
          ++it;
          continue;
        }
        Done late = std::move(it->done);
        Tx& tx = txs_.find(it->tx)->second;
        it = waiting_.erase(it);
        roll_back(tx);
        if (tx.own) forget(tx.id);
        say(std::move(late), refused("lock_not_available", "canceling statement due to lock timeout"));
      }
    }
    if (options_.idle_timeout > Duration::zero()) {
      for (auto& [id, tx] : txs_) {
        const bool waits = std::any_of(waiting_.begin(), waiting_.end(),
                                       [&, tx_id = id](const Waiting& w) { return w.tx == tx_id; });
        if (!tx.own && !tx.failed && !waits && saturating_add(tx.last, options_.idle_timeout) <= *next) {
          roll_back(tx);
        }
      }
    }
    wake(*next);
  }
  drain();
}

std::optional<Instant> Relational::next_event() const {
  std::optional<Instant> next;
  const auto consider = [&](Instant at) {
    if (!next || at < *next) next = at;
  };
  for (const Working& w : working_) consider(w.until);
  if (options_.lock_timeout > Duration::zero()) {
    for (const Waiting& w : waiting_) consider(saturating_add(w.since, options_.lock_timeout));
  }
  if (options_.idle_timeout > Duration::zero()) {
    for (const auto& [id, tx] : txs_) {
      const bool waits = std::any_of(waiting_.begin(), waiting_.end(),
                                     [&, tx_id = id](const Waiting& w) { return w.tx == tx_id; });
      if (!tx.own && !tx.failed && !waits) consider(saturating_add(tx.last, options_.idle_timeout));
    }
  }
  return next;
}

// A change of schema takes no time then. And what was serializable is so already: who fails depends also on
// those that failed, which are not there again.
Value Relational::again(std::string_view verb, const Value& body, const Value&) const {
  if (verb == "alter_table" || verb == "create_index") return body.with("rewrite", false);
  const bool begins = body["tx"].is_nil() && !verbs().find(verb)->second.schema;
  const bool serializable = body["isolation"].is_nil() ? options_.isolation == TxIsolation::serializable
                                                       : body["isolation"] == Value("serializable");
  return begins && serializable ? body.with("isolation", "repeatable_read") : body;
}

void Relational::end_sessions() {
  waiting_.clear();
  working_.clear();
  said_.clear();
  while (!txs_.empty()) {
    Tx& tx = txs_.begin()->second;
    if (!tx.failed) roll_back(tx);
    forget(tx.id);
  }
}

bool Relational::circle(TxId from) const {
  std::set<TxId> seen;
  std::vector<TxId> open = {from};
  while (!open.empty()) {
    const TxId id = open.back();
    open.pop_back();
    for (const Waiting& w : waiting_) {
      if (w.tx != id) continue;
      for (const TxId next : w.on) {
        if (next == from) return true;
        if (seen.insert(next).second) open.push_back(next);
      }
    }
  }
  return false;
}

Error Relational::blocked(std::vector<TxId> on) {
  blocked_on_ = std::move(on);
  return refused(kBlocked, "waits for a lock");
}

Relational::Answer Relational::commit_tx(Tx& tx) {
  if (tx.doomed) {
    ++serialization_failures_;
    roll_back(tx);
    return refused("serialization_failure", "could not serialize access due to read/write dependencies");
  }
  ++commits_;
  ++clock_;
  for (const RowRef& ref : tx.written) {
    TableData& table = tables_.find(ref.first)->second;
    const auto record = table.records.find(ref.second);
    if (record == table.records.end()) continue;  // made and deleted by the transaction itself
    record->second.versions.back().commit = clock_;
    old_.push_back({clock_, ref});
  }
  tx.commit = clock_;
  if (tx.isolation == TxIsolation::serializable && !(tx.reads.empty() && tx.writes.empty())) {
    committed_.push_back(tx);
  }
  const Value number = count(clock_);
  release(tx);
  tx.failed = true;  // it has ended; `forget` follows
  vacuum();
  return Value::map({{"commit", number}});
}

void Relational::roll_back(Tx& tx) {
  ++rollbacks_;
  for (const RowRef& ref : tx.written) {
    TableData& table = tables_.find(ref.first)->second;
    const auto at = table.records.find(ref.second);
    if (at == table.records.end()) continue;
    Record& record = at->second;
    SYSLAB_ASSERT(record.versions.back().commit == 0 && record.versions.back().writer == tx.id);
    const Value row = record.versions.back().row;
    record.versions.pop_back();
    unindex(table, record, ref.second, row);
    if (record.versions.empty()) {
      tx.locked.erase(ref);
      table.records.erase(at);
    }
  }
  release(tx);
  tx.failed = true;
  vacuum();
}

void Relational::release(Tx& tx) {
  for (const RowRef& ref : tx.locked) {
    const auto table = tables_.find(ref.first);
    if (table == tables_.end()) continue;
    const auto record = table->second.records.find(ref.second);
    if (record == table->second.records.end()) continue;
    if (record->second.exclusive == tx.id) record->second.exclusive = 0;
    record->second.shared.erase(tx.id);
  }
  for (const std::string& name : tx.tables) {
    const auto table = tables_.find(name);
    if (table == tables_.end()) continue;
    table->second.shared.erase(tx.id);
    if (table->second.exclusive == tx.id) table->second.exclusive = 0;
  }
  tx.locked.clear();
  tx.tables.clear();
  tx.written.clear();
  tx.reads.clear();
  tx.writes.clear();
}

void Relational::forget(TxId id) {
  txs_.erase(id);
  vacuum();
}

// Removes what no transaction under way or to come can see.
void Relational::vacuum() {
  std::uint64_t horizon = clock_;
  for (const auto& [id, tx] : txs_) {
    if (!tx.failed && tx.has_snapshot) horizon = std::min(horizon, tx.snapshot);
  }
  for (; !old_.empty() && old_.front().commit <= horizon; old_.pop_front()) {
    const auto table = tables_.find(old_.front().row.first);
    if (table == tables_.end()) continue;
    const RowId id = old_.front().row.second;
    const auto at = table->second.records.find(id);
    if (at == table->second.records.end()) continue;
    Record& record = at->second;
    std::size_t keep = 0;
    for (std::size_t i = 0; i < record.versions.size(); ++i) {
      const std::uint64_t commit = record.versions[i].commit;
      if (commit != 0 && commit <= horizon) keep = i;
    }
    std::vector<Version> gone(record.versions.begin(),
                              record.versions.begin() + static_cast<std::ptrdiff_t>(keep));
    record.versions.erase(record.versions.begin(),
                          record.versions.begin() + static_cast<std::ptrdiff_t>(keep));
    if (record.versions.size() == 1 && record.versions[0].row.is_nil() && record.versions[0].commit != 0) {
      record.versions.clear();
    }
    for (const Version& version : gone) unindex(table->second, record, id, version.row);
    if (record.versions.empty()) table->second.records.erase(at);
  }
  while (!committed_.empty() && committed_.front().commit <= horizon) committed_.pop_front();
}

Expected<bool> Relational::share_table(Tx& tx, TableData& table) {
  if (table.shared.contains(tx.id) || table.exclusive == tx.id) return true;
  if (table.exclusive != 0) return blocked({table.exclusive});
  // A change of schema that waits is before whoever comes now.
  for (const Waiting& w : waiting_) {
    if (verbs().find(w.verb)->second.schema && w.body["table"] == Value(table.name)) return blocked({w.tx});
  }
  table.shared.insert(tx.id);
  tx.tables.insert(table.name);
  return true;
}

Expected<bool> Relational::own_table(Tx& tx, TableData& table) {
  if (table.exclusive == tx.id) return true;
  std::vector<TxId> on(table.shared.begin(), table.shared.end());
  if (table.exclusive != 0) on.push_back(table.exclusive);
  if (!on.empty()) return blocked(std::move(on));
  table.exclusive = tx.id;
  tx.tables.insert(table.name);
  return true;
}

Expected<bool> Relational::own_row(Tx& tx, TableData& table, RowId id) {
  Record& record = table.records.find(id)->second;
  const Version& last = record.versions.back();
  if (last.commit == 0 && last.writer != tx.id) return blocked({last.writer});
  if (record.exclusive != 0 && record.exclusive != tx.id) return blocked({record.exclusive});
  std::vector<TxId> on;
  for (const TxId other : record.shared) {
    if (other != tx.id) on.push_back(other);
  }
  if (!on.empty()) return blocked(std::move(on));
  record.exclusive = tx.id;
  tx.locked.emplace(table.name, id);
  return true;
}

Expected<bool> Relational::share_row(Tx& tx, TableData& table, RowId id) {
  Record& record = table.records.find(id)->second;
  const Version& last = record.versions.back();
  if (last.commit == 0 && last.writer != tx.id) return blocked({last.writer});
  if (record.exclusive == tx.id) return true;
  if (record.exclusive != 0) return blocked({record.exclusive});
  record.shared.insert(tx.id);
  tx.locked.emplace(table.name, id);
  return true;
}

Expected<Relational::TableData*> Relational::table_of(const Value& name) {
  if (!name.is_string()) return malformed("'table' is the name of one");
  const auto found = tables_.find(std::string(name.string()));
  if (found != tables_.end()) return &found->second;
  return refused("undefined_table",
                 "there is no table '" + text_of(name) + "'" + did_you_mean(text_of(name), keys(tables_)));
}

const Value& Relational::visible(const Tx& tx, const Record& record) const {
  static const Value none;
  const Version& last = record.versions.back();
  if (tx.isolation == TxIsolation::read_uncommitted || (last.commit == 0 && last.writer == tx.id))
    return last.row;
  for (auto it = record.versions.rbegin(); it != record.versions.rend(); ++it) {
    if (it->commit != 0 && it->commit <= tx.snapshot) return it->row;
  }
  return none;
}

std::vector<Relational::Hit> Relational::scan(Tx& tx, TableData& table, const std::string& as,
                                              const Condition& where, Value::List* plan) {
  const RowIndex* best = nullptr;
  RowIndex::Access access;
  for (const RowIndex& index : table.indexes) {
    RowIndex::Access one = index.access(where);
    if (one.score() > access.score()) best = &index, access = std::move(one);
  }
  std::vector<Hit> hits;
  std::uint64_t read = 0;
  const auto look = [&](RowId id, const Record& record) {
    ++read;
    const Value& row = visible(tx, record);
    if (!row.is_nil() && where.holds(row)) hits.push_back({id, row});
  };
  if (best != nullptr) {
    for (const RowId id : best->find(access)) look(id, table.records.find(id)->second);
  } else {
    for (const auto& [id, record] : table.records) look(id, record);
  }
  touched_ += read;
  note_read(tx, table.name, where);
  if (plan != nullptr) {
    Value::Map step = {{"step", best != nullptr ? "index scan" : "table scan"},
                       {"table", as},
                       {"rows_read", count(read)},
                       {"rows", count(hits.size())}};
    if (best != nullptr) step.emplace_back("index", best->name());
    plan->push_back(Value::map(std::move(step)));
  }
  return hits;
}

void Relational::unindex(TableData& table, const Record& record, RowId id, const Value& row) {
  if (row.is_nil()) return;
  for (RowIndex& index : table.indexes) {
    for (const Value& key : index.keys_of(row)) {
      const bool still = std::any_of(record.versions.begin(), record.versions.end(), [&](const Version& v) {
        if (v.row.is_nil()) return false;
        const auto others = index.keys_of(v.row);
        return std::find(others.begin(), others.end(), key) != others.end();
      });
      if (!still) index.remove(key, id);
    }
  }
}

// Requires: the row is the transaction's alone.
void Relational::write(Tx& tx, TableData& table, RowId id, Value row) {
  ++touched_;
  Record& record = table.records[id];
  const bool fresh = record.versions.empty();
  const Value before = fresh ? Value() : visible(tx, record);
  note_write(tx, table.name, before, row);
  if (!row.is_nil()) {
    for (RowIndex& index : table.indexes) {
      for (const Value& key : index.keys_of(row)) index.add(key, id);
    }
  }
  if (!fresh && record.versions.back().commit == 0) {
    const Value replaced = std::exchange(record.versions.back().row, std::move(row));
    unindex(table, record, id, replaced);
    return;
  }
  record.versions.push_back({std::move(row), tx.id, 0});
  record.exclusive = tx.id;
  tx.locked.emplace(table.name, id);
  tx.written.emplace(table.name, id);
}

bool Relational::fits_type(const std::string& type, const Value& value) {
  if (type == "any") return true;
  if (type == "text") return value.is_string();
  if (type == "boolean") return value.type() == Value::Type::boolean;
  return value.is_number() && (type == "number" || value.number() == std::floor(value.number()));
}

Expected<Value> Relational::checked_row(const TableData& table, const Value& row) const {
  for (const auto& [name, value] : row.map()) {
    const auto column = table.columns.find(name);
    if (column == table.columns.end()) {
      return refused("undefined_column", "the table '" + table.name + "' has no column '" + name + "'" +
                                             did_you_mean(name, keys(table.columns)));
    }
    if (!fits_type(column->second.type, value)) {
      return refused("datatype_mismatch",
                     "the column '" + name + "' is of type " + column->second.type + ", not " + value.json());
    }
  }
  for (const auto& [name, column] : table.columns) {
    if (column.not_null && row[name].is_nil()) {
      return refused("not_null_violation", "the column '" + name + "' of '" + table.name + "' needs a value");
    }
  }
  return row;
}

Expected<bool> Relational::check_unique(Tx& tx, TableData& table, RowId self, const Value& row) {
  for (const RowIndex& index : table.indexes) {
    if (!index.unique()) continue;
    for (const Value& key : index.keys_of(row)) {
      const Value::List& parts = key.list();
      if (std::any_of(parts.begin(), parts.end(), [](const Value& v) { return v.is_nil(); })) continue;
      for (const RowId id : index.find(key)) {
        if (id == self) continue;
        const Record& record = table.records.find(id)->second;
        const Version& last = record.versions.back();
        if (last.commit == 0 && last.writer != tx.id) return blocked({last.writer});
        if (last.row.is_nil()) continue;
        const auto others = index.keys_of(last.row);
        if (std::find(others.begin(), others.end(), key) != others.end()) {
          return refused("unique_violation", "duplicate key value violates unique constraint '" +
                                                 index.name() + "': " + key.json());
        }
      }
    }
  }
  return true;
}

Expected<bool> Relational::check_parents(Tx& tx, const TableData& table, const Value& before,
                                         const Value& row) {
  for (const auto& [name, column] : table.columns) {
    const Value& value = row[name];
    if (column.references_table.empty() || value.is_nil() || (before.is_map() && before[name] == value))
      continue;
    TableData& parent = tables_.find(column.references_table)->second;
    SYSLAB_CHECK(share_table(tx, parent));
    bool there = false;
    for (const RowIndex& index : parent.indexes) {
      if (!index.unique() || index.paths() != std::vector<std::string>{column.references_column}) continue;
      for (const RowId id : index.find(Value::list({value}))) {
        ++touched_;
        SYSLAB_CHECK(share_row(tx, parent, id));
        const Value& found = latest(parent.records.find(id)->second);
        there = there || (!found.is_nil() && found[column.references_column] == value);
      }
      break;
    }
    if (!there) {
      return refused("foreign_key_violation", "'" + table.name + "." + name + "': there is no " +
                                                  value.json() + " in '" + column.references_table + "'");
    }
  }
  return true;
}

// A row that others reference stays.
Expected<bool> Relational::check_children(Tx& tx, const TableData& table, const Value& before,
                                          const Value& after) {
  for (auto& [child_name, child] : tables_) {
    for (const auto& [name, column] : child.columns) {
      if (column.references_table != table.name) continue;
      const Value& value = before[column.references_column];
      if (value.is_nil() || (after.is_map() && after[column.references_column] == value)) continue;
      SYSLAB_CHECK(share_table(tx, child));
      Condition where;
      where.add({name, Condition::Op::equals, value});
      std::vector<RowId> rows;
      const RowIndex* by = nullptr;
      for (const RowIndex& index : child.indexes) {
        if (index.paths()[0] == name) by = &index;
      }
      if (by != nullptr) {
        rows = by->find(by->access(where));
      } else {
        for (const auto& [id, record] : child.records) rows.push_back(id);
      }
      for (const RowId id : rows) {
        ++touched_;
        const std::vector<Version>& versions = child.records.find(id)->second.versions;
        const auto refers = [&, column_name = name](const Version& v) {
          return !v.row.is_nil() && v.row[column_name] == value;
        };
        const Version& last = versions.back();
        if (last.commit == 0 && last.writer != tx.id) {
          // It may be taken back, and then the version before it counts.
          const bool may = refers(last) || (versions.size() > 1 && refers(versions[versions.size() - 2]));
          if (may) return blocked({last.writer});
          continue;
        }
        if (!refers(last)) continue;
        return refused("foreign_key_violation", value.json() + " of '" + table.name +
                                                    "' is still referenced from '" + child_name + "." + name +
                                                    "'");
      }
    }
  }
  return true;
}

Expected<bool> Relational::check_write(Tx& tx, TableData& table, RowId self, const Value& before,
                                       const Value& after) {
  if (!after.is_nil()) {
    SYSLAB_CHECK(check_unique(tx, table, self, after));
    SYSLAB_CHECK(check_parents(tx, table, before, after));
  }
  if (before.is_map()) SYSLAB_CHECK(check_children(tx, table, before, after));
  return true;
}

// Locks the rows that are to be written, in their order. Errors: blocked, serialization_failure.
Expected<bool> Relational::own_hits(Tx& tx, TableData& table, const std::vector<Hit>& hits) {
  for (const Hit& hit : hits) {
    SYSLAB_CHECK(own_row(tx, table, hit.id));
    const Version& last = table.records.find(hit.id)->second.versions.back();
    // The first who writes a row wins. At the lower levels the statement has just taken its snapshot.
    if (tx.has_snapshot && last.commit > tx.snapshot) {
      ++serialization_failures_;
      return refused("serialization_failure", "could not serialize access due to concurrent update");
    }
  }
  return true;
}

Relational::Answer Relational::insert(Instant, Tx& tx, const Value& body) {
  SYSLAB_TAKE(table, table_of(body["table"]));
  if (body["row"].is_nil() == body["rows"].is_nil()) return malformed("insert has a 'row' or 'rows'");
  Value::List given = {body["row"]};
  if (!body["rows"].is_nil()) {
    if (!body["rows"].is_list()) return malformed("'rows' is a list of rows");
    given = body["rows"].list();
  }
  for (const Value& row : given) {
    if (!row.is_map()) return malformed("a row is a map of columns");
  }
  SYSLAB_CHECK(share_table(tx, *table));
  std::vector<Value> rows;
  for (Value row : given) {
    for (const auto& [name, column] : table->columns) {
      if (row[name].is_nil() && !column.fallback.is_nil()) row = row.with(name, column.fallback);
    }
    SYSLAB_CHECK(checked_row(*table, row));
    rows.push_back(row);
  }
  // First all locks, since a statement that has to wait for one begins anew.
  for (const Value& row : rows) {
    const auto free = check_write(tx, *table, 0, {}, row);
    if (!free && free.error().code == kBlocked) return free.error();
  }
  for (const Value& row : rows) {
    SYSLAB_CHECK(check_write(tx, *table, 0, {}, row));
    write(tx, *table, table->next++, row);
  }
  return Value::map({{"inserted", count(rows.size())}});
}

Relational::Answer Relational::update(Instant, Tx& tx, const Value& body) {
  SYSLAB_TAKE(table, table_of(body["table"]));
  SYSLAB_TAKE(where, Condition::parse(body["where"]));
  struct Step {
    std::string how;
    std::string column;
    Value operand;
  };
  std::vector<Step> steps;
  std::vector<std::string> paths;
  where.paths(paths);
  for (const char* how : {"set", "add", "append"}) {
    if (body[how].is_nil()) continue;
    if (!body[how].is_map()) return malformed(std::string("'") + how + "' is a map of columns");
    for (const auto& [column, operand] : body[how].map()) {
      if (std::string_view(how) == "add" && !operand.is_number()) return malformed("'add' adds numbers");
      steps.push_back({how, column, operand});
      paths.push_back(column);
    }
  }
  if (steps.empty()) return malformed("update has 'set', 'add' or 'append'");
  SYSLAB_CHECK(share_table(tx, *table));
  SYSLAB_CHECK(check_paths({{table->name, table}}, false, paths));
  const std::vector<Hit> hits = scan(tx, *table, table->name, where, nullptr);
  SYSLAB_CHECK(own_hits(tx, *table, hits));
  std::vector<Value> rows;
  for (const Hit& hit : hits) {
    Value row = hit.row;
    for (const Step& step : steps) {
      const Value& old = row[step.column];
      if (step.how == "set") {
        row = row.with(step.column, step.operand);
      } else if (step.how == "add") {
        if (!old.is_number() && !old.is_nil()) {
          return refused("datatype_mismatch", "the column '" + step.column + "' is no number");
        }
        row = row.with(step.column, step.operand.number() + (old.is_nil() ? 0 : old.number()));
      } else {
        Value::List list = old.is_list() ? old.list() : Value::List{};
        list.push_back(step.operand);
        row = row.with(step.column, Value::list(std::move(list)));
      }
    }
    SYSLAB_CHECK(checked_row(*table, row));
    rows.push_back(row);
  }
  for (std::size_t i = 0; i < hits.size(); ++i) {
    const auto free = check_write(tx, *table, hits[i].id, hits[i].row, rows[i]);
    if (!free && free.error().code == kBlocked) return free.error();
  }
  for (std::size_t i = 0; i < hits.size(); ++i) {
    SYSLAB_CHECK(check_write(tx, *table, hits[i].id, hits[i].row, rows[i]));
    write(tx, *table, hits[i].id, rows[i]);
  }
  return Value::map({{"updated", count(hits.size())}});
}

Relational::Answer Relational::remove(Instant, Tx& tx, const Value& body) {
  SYSLAB_TAKE(table, table_of(body["table"]));
  SYSLAB_TAKE(where, Condition::parse(body["where"]));
  std::vector<std::string> paths;
  where.paths(paths);
  SYSLAB_CHECK(share_table(tx, *table));
  SYSLAB_CHECK(check_paths({{table->name, table}}, false, paths));
  const std::vector<Hit> hits = scan(tx, *table, table->name, where, nullptr);
  SYSLAB_CHECK(own_hits(tx, *table, hits));
  for (const Hit& hit : hits) SYSLAB_CHECK(check_write(tx, *table, hit.id, hit.row, {}));
  for (const Hit& hit : hits) write(tx, *table, hit.id, {});
  return Value::map({{"deleted", count(hits.size())}});
}

Expected<bool> Relational::check_paths(const std::map<std::string, TableData*>& scope, bool joined,
                                       const std::vector<std::string>& paths) const {
  for (const std::string& path : paths) {
    const std::size_t dot = path.find('.');
    std::string head = path.substr(0, dot);
    const TableData* table = scope.begin()->second;
    if (joined) {
      const auto found = scope.find(head);
      if (found == scope.end() || dot == std::string::npos) {
        return refused("undefined_column", "in a join a column is 'table.column', not '" + path + "'" +
                                               did_you_mean(head, keys(scope)));
      }
      table = found->second;
      head = path.substr(dot + 1);
      head = head.substr(0, head.find('.'));
    }
    if (!table->columns.contains(head)) {
      return refused("undefined_column", "the table '" + table->name + "' has no column '" + head + "'" +
                                             did_you_mean(head, keys(table->columns)));
    }
  }
  return true;
}

Expected<std::vector<Value>> Relational::select_rows(Tx& tx, const Value& body, Value::List* plan) {
  SYSLAB_TAKE(table, table_of(body["table"]));
  SYSLAB_TAKE(where, Condition::parse(body["where"]));
  SYSLAB_TAKE(tail, QueryTail::parse(body));
  const std::string first = body["as"].is_string() ? text_of(body["as"]) : table->name;
  struct Join {
    TableData* table;
    std::string as;
    std::vector<std::pair<std::string, std::string>> on;  // path on the left, column
    bool left = false;
    std::string using_what;
  };
  std::vector<Join> joins;
  std::map<std::string, TableData*> scope = {{first, table}};
  const Value::List none;
  // Locks come first: what is asked for may be what a change of schema is about to bring.
  SYSLAB_CHECK(share_table(tx, *table));
  const Value& given = body["join"];
  if (!given.is_nil() && !given.is_list()) return malformed("'join' is a list of { table =, on = }");
  for (const Value& one : given.is_list() ? given.list() : none) {
    SYSLAB_CHECK(check_fields("a join", one, {"table", "as", "on", "kind", "using"}));
    Join join;
    SYSLAB_TAKE(other, table_of(one["table"]));
    SYSLAB_CHECK(share_table(tx, *other));
    join.table = other;
    join.as = one["as"].is_string() ? text_of(one["as"]) : other->name;
    join.left = one["kind"] == Value("left");
    if (!join.left && !one["kind"].is_nil() && one["kind"] != Value("inner")) {
      return malformed("the kind of a join is 'inner' or 'left'");
    }
    join.using_what = text_of(one["using"]);
    if (!one["using"].is_nil() && join.using_what != "index" && join.using_what != "hash" &&
        join.using_what != "nested_loop") {
      return malformed("a join uses 'index', 'hash' or 'nested_loop'");
    }
    if (!one["on"].is_map()) return malformed("a join has 'on': { ['orders.user'] = 'id' }");
    std::vector<std::string> left;
    for (const auto& [path, column] : one["on"].map()) {
      join.on.emplace_back(path, text_of(column));
      left.push_back(path);
      SYSLAB_CHECK(check_paths({{join.as, other}}, false, {text_of(column)}));
    }
    SYSLAB_CHECK(check_paths(scope, true, left));
    if (!scope.emplace(join.as, other).second) {
      return refused("duplicate_alias", "the table name '" + join.as + "' is there twice: use 'as'");
    }
    joins.push_back(std::move(join));
  }
  std::vector<std::string> paths = tail.paths();
  where.paths(paths);
  SYSLAB_CHECK(check_paths(scope, !joins.empty(), paths));

  std::vector<Value> rows;
  if (joins.empty()) {
    std::vector<Hit> hits = scan(tx, *table, first, where, plan);
    if (body["for_update"].truthy()) SYSLAB_CHECK(own_hits(tx, *table, hits));
    for (Hit& hit : hits) rows.push_back(std::move(hit.row));
    return tail.run(std::move(rows));
  }
  if (body["for_update"].truthy()) return malformed("'for_update' is for one table");
  const Condition base = where.take(first + ".");
  for (Hit& hit : scan(tx, *table, first, base, plan))
    rows.push_back(Value::map({{first, std::move(hit.row)}}));
  for (const Join& join : joins) {
    const Condition local = join.left ? Condition() : where.take(join.as + ".");
    // The other table's index that the equal columns can use.
    const RowIndex* by = nullptr;
    for (const RowIndex& index : join.table->indexes) {
      Condition probe;
      for (const auto& [path, column] : join.on) probe.add({column, Condition::Op::equals, Value(0)});
      if (index.access(probe).matched > 0 && (by == nullptr || index.unique())) by = &index;
    }
    std::string how = join.using_what;
    if (how.empty()) how = by != nullptr ? "index" : "hash";
    if (how == "index" && by == nullptr) {
      return refused("undefined_object", "'" + join.as + "' has no index for that join");
    }
    const auto matches = [&](const Value& left, const Value& row) {
      return std::all_of(join.on.begin(), join.on.end(), [&](const auto& on) {
        const Value& value = value_at(left, on.first);
        return !value.is_nil() && value == row[on.second];
      });
    };
    const auto key_of_row = [&](const Value& row) {
      Value::List key;
      for (const auto& [path, column] : join.on) key.push_back(row[column]);
      return Value::list(std::move(key));
    };
    const std::uint64_t before = touched_;
    std::map<Value, std::vector<Value>> hashed;
    std::vector<Hit> inner;
    if (how == "hash") {
      for (Hit& hit : scan(tx, *join.table, join.as, local, nullptr)) {
        hashed[key_of_row(hit.row)].push_back(std::move(hit.row));
      }
    } else if (how == "nested_loop") {
      inner = scan(tx, *join.table, join.as, local, nullptr);
      touched_ = before;  // read again for each row on the left
    }
    std::vector<Value> joined;
    for (const Value& left : rows) {
      bool any = false;
      const auto take = [&](const Value& row) {
        any = true;
        joined.push_back(left.with(join.as, row));
      };
      if (how == "hash") {
        Value::List key;
        for (const auto& [path, column] : join.on) key.push_back(value_at(left, path));
        const auto found = hashed.find(Value::list(key));
        if (found != hashed.end() &&
            std::none_of(key.begin(), key.end(), [](const Value& v) { return v.is_nil(); })) {
          for (const Value& row : found->second) take(row);
        }
      } else if (how == "nested_loop") {
        touched_ += join.table->records.size();
        for (const Hit& hit : inner) {
          if (matches(left, hit.row)) take(hit.row);
        }
      } else {
        Condition probe = local;
        for (const auto& [path, column] : join.on)
          probe.add({column, Condition::Op::equals, value_at(left, path)});
        note_read(tx, join.table->name, probe);
        for (const RowId id : by->find(by->access(probe))) {
          ++touched_;
          const Value& row = visible(tx, join.table->records.find(id)->second);
          if (!row.is_nil() && local.holds(row) && matches(left, row)) take(row);
        }
      }
      if (!any && join.left) joined.push_back(left);
    }
    if (plan != nullptr) {
      Value::Map step = {{"step", how == "nested_loop" ? "nested loop join" : how + " join"},
                         {"table", join.as},
                         {"rows_read", count(touched_ - before)},
                         {"rows", count(joined.size())}};
      if (how == "index") step.emplace_back("index", by->name());
      plan->push_back(Value::map(std::move(step)));
    }
    rows = std::move(joined);
  }
  std::erase_if(rows, [&](const Value& row) { return !where.holds(row); });
  return tail.run(std::move(rows));
}

Relational::Answer Relational::select(Instant, Tx& tx, const Value& body) {
  SYSLAB_TAKE(rows, select_rows(tx, body, nullptr));
  return Value::list(std::move(rows));
}

Relational::Answer Relational::explain(Instant, Tx& tx, const Value& body) {
  Value::List plan;
  const std::uint64_t before = touched_;
  SYSLAB_TAKE(rows, select_rows(tx, body, &plan));
  return Value::map({{"rows", count(rows.size())},
                     {"rows_read", count(touched_ - before)},
                     {"plan", Value::list(std::move(plan))}});
}

// Serializable snapshot isolation: a reader R of what a concurrent W writes must come before W in any serial
// order. A circle of such orders always has a transaction with one of them coming in and one going out (the
// pivot); so no transaction is let to have both.
void Relational::conflict(Tx& reader, Tx& writer, Tx& current) {
  const bool new_out = !std::exchange(reader.out, true);
  const bool new_in = !std::exchange(writer.in, true);
  Tx* victim = nullptr;
  for (Tx* pivot : {&reader, &writer}) {
    if (!pivot->in || !pivot->out) continue;
    // A committed one cannot be failed any more: then the current one is.
    if (victim == nullptr || pivot == &current) victim = pivot->commit != 0 ? &current : pivot;
  }
  if (victim == nullptr) return;
  victim->doomed = true;
  // What it did will not have happened, so the other one is as it was.
  if (victim == &reader && new_in) writer.in = false;
  if (victim == &writer && new_out) reader.out = false;
}

template <class Visit>
void Relational::for_concurrent(Tx& tx, const Visit& visit) {
  for (auto& [id, other] : txs_) {
    const bool counts =
        id != tx.id && other.isolation == TxIsolation::serializable && !other.failed && !other.doomed;
    if (counts && other.has_snapshot) visit(other);
  }
  for (Tx& other : committed_) {
    if (other.commit > tx.snapshot) visit(other);
  }
}

void Relational::note_read(Tx& tx, const std::string& table, const Condition& where) {
  if (tx.isolation != TxIsolation::serializable) return;
  tx.reads.push_back({table, where});
  for_concurrent(tx, [&](Tx& other) {
    const bool writes = std::any_of(other.writes.begin(), other.writes.end(), [&](const Change& c) {
      return c.table == table &&
             ((c.before.is_map() && where.holds(c.before)) || (c.after.is_map() && where.holds(c.after)));
    });
    if (writes) conflict(tx, other, tx);
  });
}

void Relational::note_write(Tx& tx, const std::string& table, const Value& before, const Value& after) {
  if (tx.isolation != TxIsolation::serializable) return;
  tx.writes.push_back({table, before, after});
  for_concurrent(tx, [&](Tx& other) {
    const bool reads = std::any_of(other.reads.begin(), other.reads.end(), [&](const Read& r) {
      return r.table == table &&
             ((before.is_map() && r.where.holds(before)) || (after.is_map() && r.where.holds(after)));
    });
    if (reads) conflict(other, tx, tx);
  });
}

Expected<Relational::Column> Relational::column_from(const std::string& name,
                                                     const Value& description) const {
  static const std::vector<std::string> types = {"any", "boolean", "integer", "number", "text"};
  const std::string what = "the column '" + name + "'";
  Column column;
  column.name = name;
  Value type = description;
  if (description.is_map()) {
    SYSLAB_CHECK(
        check_fields(what, description, {"name", "type", "not_null", "unique", "default", "references"}));
    type = description["type"];
    column.not_null = description["not_null"].truthy();
    column.fallback = description["default"];
    if (const Value& to = description["references"]; !to.is_nil()) {
      const std::string text = text_of(to);
      const std::size_t dot = text.find('.');
      if (dot == std::string::npos) return malformed(what + " references 'table.column'");
      column.references_table = text.substr(0, dot);
      column.references_column = text.substr(dot + 1);
    }
  }
  column.type = text_of(type);
  if (std::find(types.begin(), types.end(), column.type) == types.end()) {
    return malformed(what + " has no type " + type.json() + did_you_mean(column.type, types) +
                     ": any, boolean, integer, number or text");
  }
  if (!column.fallback.is_nil() && !fits_type(column.type, column.fallback)) {
    return refused("datatype_mismatch", "the default of " + what + " is not of its type");
  }
  if (!column.references_table.empty()) {
    const auto parent = tables_.find(column.references_table);
    if (parent == tables_.end()) {
      return refused("undefined_table", "there is no table '" + column.references_table + "'");
    }
    const bool unique =
        std::any_of(parent->second.indexes.begin(), parent->second.indexes.end(), [&](const auto& i) {
          return i.unique() && i.paths() == std::vector<std::string>{column.references_column};
        });
    if (!unique) {
      return refused("invalid_foreign_key",
                     "'" + column.references_table + "." + column.references_column + "' is not unique");
    }
  }
  return column;
}

Relational::Answer Relational::create_table(Instant, Tx&, const Value& body) {
  const std::string name = text_of(body["name"]);
  if (name.empty() || name.find('.') != std::string::npos)
    return malformed("a table has a 'name', without dots");
  if (!body["columns"].is_map()) return malformed("a table has 'columns', a map of names to types");
  if (tables_.contains(name)) return refused("duplicate_table", "there is a table '" + name + "'");
  TableData table;
  table.name = name;
  for (const auto& [column_name, description] : body["columns"].map()) {
    SYSLAB_TAKE(column, column_from(column_name, description));
    if (description.is_map() && description["unique"].truthy()) {
      table.indexes.emplace_back(name + "_" + column_name + "_key", std::vector<std::string>{column_name},
                                 true);
    }
    table.columns.emplace(column_name, column);
  }
  if (!body["primary_key"].is_nil()) {
    SYSLAB_TAKE(primary, names_in(body["primary_key"], "'primary_key'"));
    for (const std::string& column : primary) {
      if (!table.columns.contains(column)) {
        return refused("undefined_column", "'primary_key': there is no column '" + column + "'" +
                                               did_you_mean(column, keys(table.columns)));
      }
      table.columns.find(column)->second.not_null = true;
    }
    if (primary.empty()) return malformed("'primary_key' is a list of columns");
    table.primary_key = primary;
    table.indexes.emplace_front(name + "_pkey", primary, true);
  }
  tables_.emplace(name, std::move(table));
  return Value(true);
}

Relational::Answer Relational::drop_table(Instant, Tx& tx, const Value& body) {
  SYSLAB_TAKE(table, table_of(body["table"]));
  for (const auto& [name, other] : tables_) {
    for (const auto& [column_name, column] : other.columns) {
      if (column.references_table == table->name && name != table->name) {
        return refused("dependent_objects_still_exist", "'" + name + "." + column_name + "' references it");
      }
    }
  }
  tx.tables.erase(table->name);
  tables_.erase(table->name);
  return Value(true);
}

Relational::Answer Relational::create_index(Instant, Tx&, const Value& body) {
  SYSLAB_TAKE(table, table_of(body["table"]));
  SYSLAB_TAKE(columns, names_in(body["columns"], "'columns'"));
  if (columns.empty()) return malformed("an index has 'columns'");
  SYSLAB_CHECK(check_paths({{table->name, table}}, false, columns));
  std::string name = text_of(body["name"]);
  if (name.empty()) {
    name = table->name;
    for (const std::string& column : columns) name += "_" + column;
  }
  for (const RowIndex& index : table->indexes) {
    if (index.name() == name) return refused("duplicate_object", "there is an index '" + name + "'");
  }
  RowIndex index(name, columns, body["unique"].truthy());
  for (const auto& [id, record] : table->records) {
    for (const Version& version : record.versions) {
      if (version.row.is_nil()) continue;
      for (const Value& key : index.keys_of(version.row)) index.add(key, id);
    }
    if (!index.unique() || latest(record).is_nil()) continue;
    for (const Value& key : index.keys_of(latest(record))) {
      if (index.find(key).size() > 1)
        return refused("unique_violation", "could not create unique index: " + key.json());
    }
  }
  touched_ += table->records.size();
  table->indexes.push_back(std::move(index));
  return Value::map({{"name", name}});
}

Relational::Answer Relational::drop_index(Instant, Tx&, const Value& body) {
  SYSLAB_TAKE(table, table_of(body["table"]));
  const auto gone = std::find_if(table->indexes.begin(), table->indexes.end(),
                                 [&](const RowIndex& i) { return Value(i.name()) == body["name"]; });
  if (gone == table->indexes.end())
    return refused("undefined_object", "there is no index " + body["name"].json());
  table->indexes.erase(gone);
  return Value(true);
}

Relational::Answer Relational::alter_table(Instant, Tx&, const Value& body) {
  SYSLAB_TAKE(table, table_of(body["table"]));
  if (body["add"].is_nil() == body["drop"].is_nil()) return malformed("alter_table has 'add' or 'drop'");
  if (!body["add"].is_nil()) {
    const std::string name = text_of(body["add"]["name"]);
    if (name.empty()) return malformed("'add' is a column: { name =, type = ... }");
    if (table->columns.contains(name)) return refused("duplicate_column", "there is a column '" + name + "'");
    SYSLAB_TAKE(column, column_from(name, body["add"]));
    if (body["add"]["unique"].truthy())
      return malformed("add the column, then create_index { unique = true }");
    if (column.not_null && column.fallback.is_nil() && !table->records.empty()) {
      return refused("not_null_violation", "the column '" + name + "' needs a default: there are rows");
    }
    if (!column.fallback.is_nil()) {
      for (auto& [id, record] : table->records) {
        for (Version& version : record.versions) {
          if (!version.row.is_nil()) version.row = version.row.with(name, column.fallback);
        }
      }
    }
    table->columns.emplace(name, column);
    return Value(true);
  }
  const std::string name = text_of(body["drop"]);
  SYSLAB_CHECK(check_paths({{table->name, table}}, false, {name}));
  for (const RowIndex& index : table->indexes) {
    if (std::find(index.paths().begin(), index.paths().end(), name) != index.paths().end()) {
      return refused("dependent_objects_still_exist", "the index '" + index.name() + "' is on it");
    }
  }
  for (auto& [id, record] : table->records) {
    for (Version& version : record.versions) {
      if (!version.row.is_nil()) version.row = without(version.row, name);
    }
  }
  table->columns.erase(name);
  return Value(true);
}

Duration Relational::work(std::string_view verb, const Value& body) const {
  const auto table = tables_.find(text_of(body["table"]));
  const bool builds = verb == "create_index" || (verb == "alter_table" && !body["add"]["default"].is_nil());
  const bool rewrites = body["rewrite"].is_nil() ? builds : body["rewrite"].truthy();
  if (table == tables_.end() || !rewrites) return Duration::zero();
  return options_.rewrite_time * static_cast<std::int64_t>(table->second.records.size());
}

Relational::Answer Relational::describe() const {
  Value::Map out;
  for (const auto& [name, table] : tables_) {
    Value::Map columns;
    for (const auto& [column_name, column] : table.columns) columns.emplace_back(column_name, column.type);
    Value::List indexes;
    for (const RowIndex& index : table.indexes) indexes.emplace_back(index.name());
    std::size_t versions = 0;
    for (const auto& [id, record] : table.records) versions += record.versions.size();
    out.emplace_back(name, Value::map({{"columns", Value::map(std::move(columns))},
                                       {"indexes", Value::list(std::move(indexes))},
                                       {"rows", count(table.records.size())},
                                       {"versions", count(versions)}}));
  }
  return Value::map(std::move(out));
}

Relational::Answer Relational::locks() const {
  Value::List held, waiting;
  for (const auto& [name, table] : tables_) {
    if (!table.shared.empty()) {
      held.push_back(Value::map({{"table", name}, {"mode", "shared"}, {"by", ids(table.shared)}}));
    }
    if (table.exclusive != 0) {
      held.push_back(Value::map(
          {{"table", name}, {"mode", "exclusive"}, {"by", ids(std::array<TxId, 1>{table.exclusive})}}));
    }
    for (const auto& [id, record] : table.records) {
      if (record.exclusive == 0) continue;
      held.push_back(Value::map({{"table", name},
                                 {"row", record.versions.back().row},
                                 {"mode", "exclusive"},
                                 {"by", ids(std::array<TxId, 1>{record.exclusive})}}));
    }
  }
  for (const Waiting& w : waiting_) {
    waiting.push_back(Value::map(
        {{"tx", count(w.tx)}, {"verb", w.verb}, {"for", ids(w.on)}, {"since", to_seconds(w.since)}}));
  }
  return Value::map({{"held", Value::list(std::move(held))}, {"waiting", Value::list(std::move(waiting))}});
}

Value Relational::show() const {
  std::size_t rows = 0;
  for (const auto& [name, table] : tables_) rows += table.records.size();
  return Value::map({{"tables", count(tables_.size())},
                     {"rows", count(rows)},
                     {"rows_touched", count(touched_)},
                     {"transactions", count(txs_.size())},
                     {"waiting", count(waiting_.size())},
                     {"commits", count(commits_)},
                     {"rollbacks", count(rollbacks_)},
                     {"waits", count(waits_)},
                     {"deadlocks", count(deadlocks_)},
                     {"serialization_failures", count(serialization_failures_)}});
}

void Relational::check_invariants() const {
  for (const auto& [name, table] : tables_) {
    std::map<std::string, std::set<std::pair<Value, RowId>>> expected;
    for (const auto& [id, record] : table.records) {
      SYSLAB_ASSERT(!record.versions.empty());
      SYSLAB_ASSERT(record.exclusive == 0 || txs_.contains(record.exclusive));
      for (const TxId tx : record.shared) SYSLAB_ASSERT(txs_.contains(tx));
      for (std::size_t i = 0; i < record.versions.size(); ++i) {
        const Version& v = record.versions[i];
        SYSLAB_ASSERT(v.commit != 0 || (i + 1 == record.versions.size() && record.exclusive == v.writer));
        SYSLAB_ASSERT(i == 0 || v.commit == 0 || record.versions[i - 1].commit < v.commit);
        if (v.row.is_nil()) continue;
        for (const RowIndex& index : table.indexes) {
          for (const Value& key : index.keys_of(v.row)) expected[index.name()].emplace(key, id);
        }
      }
      if (txs_.empty()) SYSLAB_ASSERT(record.versions.size() == 1 && !record.versions[0].row.is_nil());
    }
    for (const RowIndex& index : table.indexes) SYSLAB_ASSERT(index.size() == expected[index.name()].size());
    for (const TxId tx : table.shared) SYSLAB_ASSERT(txs_.contains(tx));
  }
  if (txs_.empty()) SYSLAB_ASSERT(committed_.empty() && old_.empty() && waiting_.empty());
}

}  // namespace syslab

#include "core/check/transactions.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "core/check/dependency_graph.hpp"

namespace syslab {
namespace {

using OpId = History::OpId;
using Type = Event::Type;

struct Micro {
  bool write;
  Value key;
  Value value;  // of a read: nil where it was not answered
};

struct Txn {
  OpId op;
  Type type;  // ok, fail, or info
  std::vector<Micro> micros;
};

struct Written {
  std::uint32_t txn;
  bool last;  // of the transaction's writes to this key
};

// Why one transaction comes before another, for words.
struct Reason {
  Value key;
  Value from, to;  // versions: of `from` the one written or read, of `to` the one written
};

constexpr std::uint32_t kNone = UINT32_MAX;

Expected<std::vector<Micro>> micros_of(const History& history, OpId op, const Value& value, bool answered,
                                       std::string_view write) {
  const auto wrong = [&](const std::string& what) {
    return make_error("unknown", who_and_when(history, op, what));
  };
  if (history.invocation(op).f != "txn")
    return wrong("expected the operation txn, got '" + history.invocation(op).f + "'");
  if (!value.is_list()) return wrong("expected a list of micro-operations, got " + shown(value));
  std::vector<Micro> micros;
  for (const Value& one : value.list()) {
    const bool shape =
        one.is_list() && (one.list().size() == 2 || one.list().size() == 3) && one.list()[0].is_string();
    const std::string_view f = shape ? one.list()[0].string() : std::string_view();
    if (f != "r" && f != write) {
      return wrong("expected [\"r\", key, value] or [\"" + std::string(write) + "\", key, value], got " +
                   shown(one));
    }
    Micro micro{f == write, one.list()[1], one.list().size() == 3 ? one.list()[2] : Value()};
    if (micro.write && micro.value.is_nil())
      return wrong("expected a value that is written, got " + shown(one));
    if (!micro.write && !answered) micro.value = Value();
    if (!micro.write && write == "append" && answered && micro.value.is_nil()) micro.value = Value::list({});
    if (!micro.write && write == "append" && answered && !micro.value.is_list())
      return wrong("expected a list that is read, got " + shown(one));
    micros.push_back(std::move(micro));
  }
  return micros;
}

// What both kinds of histories share: who wrote what, words, and the search for cycles.
class Inference {
 public:
  Inference(const History& history, const TransactionOptions& options, std::string_view write)
      : history_(history), options_(options), write_(write) {}

  std::optional<Error> read() {
    for (OpId op = 0; op < history_.ops().size(); ++op) {
      const Event* end = history_.completion(op);
      const Type type = end == nullptr ? Type::info : end->type;
      const bool answered = type == Type::ok && end->value.is_list();
      auto micros =
          micros_of(history_, op, answered ? end->value : history_.invocation(op).value, answered, write_);
      if (!micros) return micros.error();
      const auto t = static_cast<std::uint32_t>(txns_.size());
      std::map<Value, Value> last;
      for (const Micro& m : *micros) {
        if (!m.write) continue;
        const auto [it, added] = writers_.try_emplace({m.key, m.value}, Written{t, false});
        if (!added) {
          return make_error(
              "unknown", who_and_when(history_, op, "wrote " + shown(m.value) + " to key " + shown(m.key)) +
                             ", which was written before: expected each value at most once a key");
        }
        last[m.key] = m.value;
      }
      for (const auto& [key, value] : last) writers_.at({key, value}).last = true;
      txns_.push_back({op, type, std::move(*micros)});
    }
    graph_ = std::make_unique<DependencyGraph>(txns_.size());
    return std::nullopt;
  }

  Judgement judge() {
    // The name of each anomaly, and the levels that allow it.
    std::uint64_t steps = options_.steps_max;
    search(steps);
    Judgement judgement;
    std::set<std::string> allowed;
    for (Anomaly& anomaly : found_) {
      if (forbids(options_.level, anomaly.name)) {
        add(judgement, std::move(anomaly));
      } else {
        allowed.insert(anomaly.name);
      }
    }
    judgement.steps = options_.steps_max - steps;
    Value::List names;
    for (const std::string& name : allowed) names.emplace_back(name);
    const std::string level(to_string(options_.level));
    judgement.numbers = Value::map({{"allowed", Value::list(names)}, {"level", level}});
    if (judgement.outcome == Outcome::ok && steps == 0) {
      judgement.outcome = Outcome::unknown;
      judgement.message =
          "gave up after " + std::to_string(judgement.steps) + " steps: too many dependencies";
    }
    if (judgement.outcome == Outcome::violated) {
      std::set<std::string> kinds;
      std::string list;
      for (const Anomaly& a : judgement.anomalies) {
        if (kinds.insert(a.name).second) list += (list.empty() ? "" : ", ") + a.name;
      }
      judgement.message = "not " + level + ": " + list;
    }
    std::string fine = plural(txns_.size(), "transaction", "transactions") + ", " +
                       plural(graph_->edge_count(), "dependency", "dependencies") + ": nothing that " +
                       level + " forbids";
    for (std::size_t i = 0; i < names.size(); ++i)
      fine += (i == 0 ? "; it allows " : ", ") + std::string(names[i].string());
    conclude(judgement, history_, std::move(fine));
    return judgement;
  }

 protected:
  static bool forbids(IsolationLevel level, const std::string& name) {
    using L = IsolationLevel;
    if (name.ends_with("-realtime")) return level == L::strict_serializable;
    if (name == "G1a" || name == "G1b" || name == "G1c") return level >= L::read_committed;
    if (name == "lost-update" || name == "internal" || name == "G-single" || name == "G-nonadjacent")
      return level >= L::snapshot_isolation;
    if (name == "G2-item") return level >= L::repeatable_read;
    return true;
  }

  std::string name_of(std::uint32_t t) const { return "T" + std::to_string(txns_[t].op + 1); }
  std::string words(std::uint32_t t) const {
    std::string text;
    for (const Micro& m : txns_[t].micros) {
      text += (text.empty() ? "" : ", ") + (m.write ? std::string(write_) : std::string("r")) + " " +
              shown(m.key) + " " + shown(m.value);
    }
    const char* ends[] = {"", "", " (failed)", " (outcome unknown)"};
    return who_and_when(history_, txns_[t].op,
                        "[" + text + "]" + ends[static_cast<std::size_t>(txns_[t].type)]);
  }

  void found(std::string name, std::string message, std::vector<std::uint32_t> txns) {
    Anomaly anomaly{std::move(name), std::move(message), {}};
    for (std::uint32_t t : txns) {
      if (std::find(anomaly.ops.begin(), anomaly.ops.end(), txns_[t].op) != anomaly.ops.end()) continue;
      anomaly.ops.push_back(txns_[t].op);
      anomaly.message += "\n" + name_of(t) + " is " + words(t);
    }
    found_.push_back(std::move(anomaly));
  }

  const Written* writer(const Value& key, const Value& value) const {
    const auto it = writers_.find({key, value});
    return it == writers_.end() ? nullptr : &it->second;
  }

  void depends(std::uint32_t from, std::uint32_t to, Dependency kind, Reason reason) {
    if (from == to) return;
    graph_->add(from, to, kind, static_cast<std::uint32_t>(reasons_.size()));
    reasons_.push_back(std::move(reason));
  }

  // A read of another transaction's version: aborted, intermediate, or of nobody's. False where it was none
  // that could be.
  bool check_source(std::uint32_t t, const Value& key, const Value& value, bool newest) {
    const Written* w = writer(key, value);
    if (w == nullptr) {
      found("thin-air",
            name_of(t) + " read " + shown(value) + " of key " + shown(key) + ", which nobody wrote", {t});
      return false;
    }
    if (w->txn == t) return true;
    if (txns_[w->txn].type == Type::fail) {
      found("G1a",
            name_of(t) + " read " + shown(value) + " of key " + shown(key) + ", which " + name_of(w->txn) +
                " wrote, and that was aborted",
            {t, w->txn});
      return false;
    }
    if (newest && !w->last) {
      found("G1b",
            name_of(t) + " read " + shown(value) + " of key " + shown(key) +
                ", which is not the last version that " + name_of(w->txn) + " made of it",
            {t, w->txn});
    }
    return true;
  }

  // Transactions that all read one version and then wrote the next: all but one are lost.
  void check_lost_updates(const std::map<std::pair<Value, Value>, std::vector<std::uint32_t>>& updates) {
    for (const auto& [version, by] : updates) {
      if (by.size() < 2) continue;
      std::string names;
      for (std::uint32_t t : by) names += (names.empty() ? "" : " and ") + name_of(t);
      found("lost-update",
            names + " read the same version " + shown(version.second) + " of key " + shown(version.first) +
                " and each wrote the next",
            by);
    }
  }

  void add_real_time() {
    // Those that were answered, and before nothing that was answered since was invoked: what comes now is
    // after them, and through them after all others.
    std::vector<std::uint32_t> frontier;
    std::map<std::uint32_t, std::vector<std::uint32_t>> before;
    std::vector<std::pair<std::size_t, std::uint32_t>> events;
    for (std::uint32_t t = 0; t < txns_.size(); ++t) {
      if (txns_[t].type == Type::fail) continue;
      events.emplace_back(history_.ops()[txns_[t].op].invoke, t);
      if (txns_[t].type == Type::ok) events.emplace_back(history_.ops()[txns_[t].op].completion, t);
    }
    std::sort(events.begin(), events.end());
    for (const auto& [event, t] : events) {
      if (event == history_.ops()[txns_[t].op].invoke) {
        before[t] = frontier;
        for (std::uint32_t f : frontier) depends(f, t, Dependency::rt, {});
        continue;
      }
      const std::vector<std::uint32_t>& hidden = before[t];
      std::erase_if(frontier, [&](std::uint32_t f) {
        return std::find(hidden.begin(), hidden.end(), f) != hidden.end();
      });
      frontier.push_back(t);
      before.erase(t);
    }
  }

  const History& history_;
  const TransactionOptions& options_;
  std::string_view write_;
  std::vector<Txn> txns_;
  std::map<std::pair<Value, Value>, Written> writers_;  // of (key, value)
  std::unique_ptr<DependencyGraph> graph_;

 private:
  void search(std::uint64_t& steps) {
    using D = Dependency;
    const unsigned ww = bit(D::ww), wr = ww | bit(D::wr), rw = wr | bit(D::rw), rt = bit(D::rt);
    std::set<std::set<std::uint32_t>> told;
    const auto look = [&](const char* name, DependencyGraph::Shape shape) {
      for (const auto& cycle : graph_->cycles(shape, steps)) {
        // Told once, under the plainest name.
        if (told.insert(std::set<std::uint32_t>(cycle.begin(), cycle.end())).second) tell(name, cycle);
      }
    };
    look("G0", {ww, D::ww});
    look("G1c", {wr, D::wr});
    look("G-single", {rw, D::rw, true, false});
    look("G-nonadjacent", {rw, D::rw, false, true});
    // Where one rw is enough, a cycle through two is no news.
    look_for_g2(rw, steps, told, "G2-item");
    if (options_.level != IsolationLevel::strict_serializable) return;
    look("G0-realtime", {ww | rt, D::rt});
    look("G1c-realtime", {wr | rt, D::rt});
    look("G-single-realtime", {rw | rt, D::rw, true, false});
    look_for_g2(rw | rt, steps, told, "G2-item-realtime");
  }

  void look_for_g2(unsigned kinds, std::uint64_t& steps, std::set<std::set<std::uint32_t>>& told,
                   const char* name) {
    for (const auto& cycle : graph_->cycles({kinds, Dependency::rw}, steps)) {
      const auto rw = std::count_if(cycle.begin(), cycle.end(),
                                    [&](std::uint32_t e) { return graph_->edge(e).kind == Dependency::rw; });
      if (rw > 1 && told.insert(std::set<std::uint32_t>(cycle.begin(), cycle.end())).second)
        tell(name, cycle);
    }
  }

  void tell(const char* name, const std::vector<std::uint32_t>& cycle) {
    std::string message;
    std::vector<std::uint32_t> txns;
    for (std::size_t i = 0; i < cycle.size(); ++i) {
      const DependencyGraph::Edge& e = graph_->edge(cycle[i]);
      txns.push_back(e.from);
      const Reason& why = e.kind == Dependency::rt && e.why >= reasons_.size() ? kNoReason : reasons_[e.why];
      message += (i == 0                  ? ""
                  : i + 1 == cycle.size() ? ", and yet "
                                          : ", ") +
                 name_of(e.from) + " is before " + name_of(e.to);
      const std::string of_key = " of key " + shown(why.key);
      switch (e.kind) {
        case Dependency::ww:
          message +=
              ", which replaced its version " + shown(why.from) + of_key + " by " + shown(why.to) + " (ww)";
          break;
        case Dependency::wr:
          message += ", which read its version " + shown(why.from) + of_key + " (wr)";
          break;
        case Dependency::rw:
          message += ", because it read version " + shown(why.from) + of_key + " and not yet " +
                     shown(why.to) + " (rw)";
          break;
        case Dependency::rt:
          message += ", which was invoked after it was answered (rt)";
          break;
      }
    }
    found(name, std::move(message), std::move(txns));
  }

  static inline const Reason kNoReason = {};
  std::vector<Reason> reasons_;
  std::vector<Anomaly> found_;
};

class ListAppend : public Inference {
 public:
  ListAppend(const History& history, const TransactionOptions& options)
      : Inference(history, options, "append") {}

  void infer() {
    collect();
    for (auto& [key, reads] : reads_) infer_key(key, reads);
    check_lost_updates(updates_);
    if (options_.level == IsolationLevel::strict_serializable) add_real_time();
  }

 private:
  struct Read {
    std::uint32_t txn;
    Value::List seen;  // of others
  };

  // The reads of committed transactions, without what they appended themselves.
  void collect() {
    for (std::uint32_t t = 0; t < txns_.size(); ++t) {
      if (txns_[t].type != Type::ok) continue;
      std::map<Value, Value::List> own;                   // appended so far
      std::map<Value, std::optional<Value::List>> state;  // what it must read, where it knows
      std::map<Value, Value> first_read;
      for (const Micro& m : txns_[t].micros) {
        if (m.write) {
          own[m.key].push_back(m.value);
          if (auto& known = state[m.key]) known->push_back(m.value);
          if (const auto read = first_read.find(m.key); read != first_read.end() && own[m.key].size() == 1)
            updates_[{m.key, read->second}].push_back(t);
          continue;
        }
        const Value::List& seen = m.value.list();
        const Value::List& mine = own[m.key];
        auto& known = state[m.key];
        const bool ends_with_mine =
            seen.size() >= mine.size() && std::equal(mine.rbegin(), mine.rend(), seen.rbegin());
        if ((known && *known != seen) || !ends_with_mine) {
          found("internal",
                name_of(t) + " read " + shown(m.value) + " of key " + shown(m.key) +
                    ", but by its own operations " +
                    (known ? "it should have read " + shown(Value::list(*known))
                           : "that should end with " + shown(Value::list(mine))),
                {t});
          continue;
        }
        if (known) continue;
        known = seen;
        Value::List others(seen.begin(), seen.end() - static_cast<std::ptrdiff_t>(mine.size()));
        if (mine.empty()) first_read.emplace(m.key, m.value);
        reads_[m.key].push_back({t, std::move(others)});
      }
    }
  }

  void infer_key(const Value& key, std::vector<Read>& reads) {
    std::erase_if(reads, [&](const Read& read) { return !sound(key, read); });
    const Value::List* longest = nullptr;
    std::uint32_t longest_by = 0;
    for (const Read& read : reads) {
      if (longest == nullptr || read.seen.size() > longest->size()) {
        longest = &read.seen;
        longest_by = read.txn;
      }
    }
    if (longest == nullptr) return;
    bool compatible = true;
    for (const Read& read : reads) {
      if (std::equal(read.seen.begin(), read.seen.end(), longest->begin())) continue;
      compatible = false;
      found("incompatible-order",
            name_of(read.txn) + " read " + shown(Value::list(read.seen)) + " of key " + shown(key) + " and " +
                name_of(longest_by) + " read " + shown(Value::list(*longest)) +
                ": neither is the beginning of the other",
            {read.txn, longest_by});
      break;
    }
    if (!compatible) return;  // there is no order of versions to infer from
    const Value::List& order = *longest;
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
      depends(by(key, order[i]), by(key, order[i + 1]), Dependency::ww, {key, order[i], order[i + 1]});
    }
    for (const Read& read : reads) {
      const std::size_t n = read.seen.size();
      if (n > 0) depends(by(key, order[n - 1]), read.txn, Dependency::wr, {key, order[n - 1], {}});
      // What the transaction appended itself comes next: that is a ww of the one before, and no news.
      if (n < order.size() && by(key, order[n]) != read.txn) {
        depends(read.txn, by(key, order[n]), Dependency::rw,
                {key, n == 0 ? Value::list({}) : order[n - 1], order[n]});
      }
    }
  }

  bool sound(const Value& key, const Read& read) {
    std::set<Value> elements;
    for (const Value& v : read.seen) {
      if (elements.insert(v).second) continue;
      found("duplicate-elements", name_of(read.txn) + " read " + shown(v) + " twice in key " + shown(key),
            {read.txn});
      return false;
    }
    for (std::size_t i = 0; i < read.seen.size(); ++i) {
      if (!check_source(read.txn, key, read.seen[i], i + 1 == read.seen.size())) return false;
    }
    return true;
  }

  std::uint32_t by(const Value& key, const Value& value) const { return writer(key, value)->txn; }

  std::map<Value, std::vector<Read>> reads_;
  std::map<std::pair<Value, Value>, std::vector<std::uint32_t>> updates_;
};

class RwRegister : public Inference {
 public:
  RwRegister(const History& history, const TransactionOptions& options) : Inference(history, options, "w") {}

  void infer() {
    for (std::uint32_t t = 0; t < txns_.size(); ++t) {
      if (txns_[t].type != Type::fail) take(t);
    }
    if (options_.level == IsolationLevel::strict_serializable) {
      order_by_real_time();
      add_real_time();
    }
    for (auto& [key, k] : keys_) infer_key(key, k);
    check_lost_updates(updates_);
  }

 private:
  struct Key {
    std::map<Value, std::vector<std::uint32_t>> readers;  // by version; nil is the first of all
    std::map<Value, std::set<Value>> next;                // later versions, as far as anything says so
  };

  void take(std::uint32_t t) {
    std::map<Value, Value> now, first_read;
    std::map<Value, bool> wrote;
    for (const Micro& m : txns_[t].micros) {
      Key& key = keys_[m.key];
      const auto known = now.find(m.key);
      if (m.write) {
        // What it read or wrote before is an earlier version.
        if (known != now.end()) {
          key.next[known->second].insert(m.value);
        } else if (txns_[t].type == Type::ok) {
          key.next[Value()].insert(m.value);
        }
        if (const auto read = first_read.find(m.key);
            read != first_read.end() && !wrote[m.key] && txns_[t].type == Type::ok)
          updates_[{m.key, read->second}].push_back(t);
        wrote[m.key] = true;
        now[m.key] = m.value;
        continue;
      }
      if (txns_[t].type != Type::ok) continue;
      if (known != now.end()) {
        if (known->second != m.value) {
          found("internal",
                name_of(t) + " read " + shown(m.value) + " of key " + shown(m.key) +
                    ", but by its own operations it should have read " + shown(known->second),
                {t});
        }
        continue;
      }
      now[m.key] = m.value;
      first_read.emplace(m.key, m.value);
      if (!m.value.is_nil() && !check_source(t, m.key, m.value, true)) continue;
      key.readers[m.value].push_back(t);
      if (!m.value.is_nil()) key.next[Value()].insert(m.value);
    }
  }

  // Under strict serializability a version that was read or written by who was answered is earlier than one
  // that is written by who was invoked after that. The latest such versions are enough, the others follow.
  void order_by_real_time() {
    struct Moment {
      std::size_t event;
      bool answered;
      std::uint32_t txn;
    };
    std::vector<Moment> moments;
    for (std::uint32_t t = 0; t < txns_.size(); ++t) {
      if (txns_[t].type != Type::ok) continue;
      moments.push_back({history_.ops()[txns_[t].op].invoke, false, t});
      moments.push_back({history_.ops()[txns_[t].op].completion, true, t});
    }
    std::sort(moments.begin(), moments.end(),
              [](const Moment& a, const Moment& b) { return a.event < b.event; });
    std::map<Value, Value> latest;                            // of each key, as of what was answered so far
    std::vector<std::map<Value, Value>> known(txns_.size());  // what was latest at a transaction's invocation
    for (const Moment& m : moments) {
      for (const Micro& micro : txns_[m.txn].micros) {
        if (!m.answered) {
          const auto at = latest.find(micro.key);
          if (micro.write && at != latest.end()) known[m.txn][micro.key] = at->second;
        } else {
          if (micro.write) {
            const auto before = known[m.txn].find(micro.key);
            if (before != known[m.txn].end() && before->second != micro.value)
              keys_[micro.key].next[before->second].insert(micro.value);
          }
          if (!micro.value.is_nil()) latest[micro.key] = micro.value;
        }
      }
    }
  }

  void infer_key(const Value& key, Key& k) {
    if (const auto cycle = cyclic(k); !cycle.empty()) {
      std::string text;
      std::vector<std::uint32_t> txns;
      for (const Value& v : cycle) {
        text += shown(v) + " before ";
        if (const Written* w = writer(key, v)) txns.push_back(w->txn);
      }
      found("cyclic-versions",
            "the versions of key " + shown(key) + " are in a circle: " + text + shown(cycle.front()), txns);
      return;
    }
    for (const auto& [version, readers] : k.readers) {
      const Written* w = version.is_nil() ? nullptr : writer(key, version);
      for (std::uint32_t t : readers) {
        if (w != nullptr) depends(w->txn, t, Dependency::wr, {key, version, {}});
      }
    }
    for (const auto& [version, later] : k.next) {
      const Written* w = version.is_nil() ? nullptr : writer(key, version);
      const auto readers = k.readers.find(version);
      for (const Value& next : later) {
        const Written* then = writer(key, next);
        if (then == nullptr) continue;
        if (w != nullptr) depends(w->txn, then->txn, Dependency::ww, {key, version, next});
        if (readers == k.readers.end()) continue;
        for (std::uint32_t t : readers->second) depends(t, then->txn, Dependency::rw, {key, version, next});
      }
    }
  }

  // A circle of versions, or nothing.
  static std::vector<Value> cyclic(const Key& k) {
    std::map<Value, int> color;  // 1: on the path, 2: done
    for (const auto& [root, unused] : k.next) {
      if (color[root] != 0) continue;
      std::vector<std::pair<Value, std::set<Value>::const_iterator>> path;
      const auto enter = [&](const Value& v) {
        color[v] = 1;
        const auto it = k.next.find(v);
        static const std::set<Value> kNothing;
        path.emplace_back(v, it == k.next.end() ? kNothing.begin() : it->second.begin());
      };
      enter(root);
      while (!path.empty()) {
        const auto it = k.next.find(path.back().first);
        if (it == k.next.end() || path.back().second == it->second.end()) {
          color[path.back().first] = 2;
          path.pop_back();
          continue;
        }
        const Value next = *path.back().second++;
        if (color[next] == 1) {
          std::vector<Value> cycle;
          auto at = std::find_if(path.begin(), path.end(), [&](const auto& p) { return p.first == next; });
          for (; at != path.end(); ++at) cycle.push_back(at->first);
          return cycle;
        }
        if (color[next] == 0) enter(next);
      }
    }
    return {};
  }

  std::map<Value, Key> keys_;
  std::map<std::pair<Value, Value>, std::vector<std::uint32_t>> updates_;
};

template <class Kind>
Expected<Judgement> check(const History& history, const TransactionOptions& options) {
  Kind kind(history, options);
  if (const auto error = kind.read()) return *error;
  kind.infer();
  return kind.judge();
}

}  // namespace

const std::vector<std::string>& isolation_levels() {
  static const std::vector<std::string> names = {"read-uncommitted", "read-committed", "snapshot-isolation",
                                                 "repeatable-read",  "serializable",   "strict-serializable"};
  return names;
}

std::string_view to_string(IsolationLevel level) {
  return isolation_levels()[static_cast<std::size_t>(level)];
}

std::optional<IsolationLevel> isolation_level(std::string_view name) {
  const auto& names = isolation_levels();
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) return std::nullopt;
  return static_cast<IsolationLevel>(at - names.begin());
}

Expected<Judgement> check_list_append(const History& history, const TransactionOptions& options) {
  return check<ListAppend>(history, options);
}

Expected<Judgement> check_rw_register(const History& history, const TransactionOptions& options) {
  return check<RwRegister>(history, options);
}

}  // namespace syslab

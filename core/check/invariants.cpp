#include "core/check/invariants.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace syslab {
namespace {

using OpId = History::OpId;
using Type = Event::Type;

Type type_of(const History& history, OpId op) {
  const Event* end = history.completion(op);
  return end == nullptr ? Type::info : end->type;
}

Value numbers(std::initializer_list<std::pair<const char*, std::size_t>> counts) {
  Value::Map map;
  for (const auto& [name, count] : counts) map.emplace_back(name, Value(static_cast<double>(count)));
  return Value::map(std::move(map));
}

Error wrong(const History& history, OpId op, const std::string& what) {
  return make_error("unknown", who_and_when(history, op, what));
}

}  // namespace

Judgement check_total_queue(const History& history, bool once) {
  struct Message {
    std::optional<OpId> sent;
    Type type = Type::info;
    std::vector<OpId> got;
  };
  std::map<std::pair<Value, Value>, Message> messages;  // by key and value
  std::map<Value, std::size_t> open_since;              // of each key: a dequeue that was never answered
  std::map<Value, std::size_t> empty;                   // invocation of the last dequeue that found nothing
  for (OpId op = 0; op < history.ops().size(); ++op) {
    const Event& start = history.invocation(op);
    const Event* end = history.completion(op);
    const Type type = type_of(history, op);
    const History::Op& span = history.ops()[op];
    if (start.f == "enqueue") {
      Message& m = messages[{start.key, start.value}];
      if (!m.sent || m.type != Type::ok) {
        m.sent = op;
        m.type = type;
      }
    } else if (start.f == "dequeue" || start.f == "drain") {
      const bool none = (type == Type::ok && end->value.is_nil()) ||
                        (type == Type::fail && (end->error.is_nil() || end->error == Value("empty")));
      if (none || (start.f == "drain" && type == Type::ok)) empty[start.key] = span.invoke;
      if (type == Type::info) open_since.try_emplace(start.key, span.invoke);  // it may have taken one
      if (type != Type::ok || end->value.is_nil()) continue;
      if (start.f == "dequeue") {
        messages[{start.key, end->value}].got.push_back(op);
      } else if (end->value.is_list()) {
        for (const Value& v : end->value.list()) messages[{start.key, v}].got.push_back(op);
      }
    }
  }
  Judgement judgement;
  std::size_t sent = 0, lost = 0, unexpected = 0, duplicated = 0, recovered = 0, inside = 0;
  for (const auto& [name, m] : messages) {
    const auto& [key, value] = name;
    sent += m.sent && m.type == Type::ok;
    if (!m.got.empty() && (!m.sent || m.type == Type::fail)) {
      ++unexpected;
      std::vector<OpId> ops = {m.got.front()};
      if (m.sent) ops.push_back(*m.sent);
      add(judgement, {"unexpected",
                      in_words(history, m.got.front()) + ", but " + shown(value) +
                          (m.sent ? " was refused when it was enqueued" : " was never enqueued"),
                      ops});
    } else if (m.got.empty() && m.type == Type::ok) {
      // An enqueue whose outcome is unknown may come at any time, but it is another message.
      const auto seen_empty = empty.find(key);
      const bool judged = seen_empty != empty.end() &&
                          seen_empty->second > history.ops()[*m.sent].completion && !open_since.contains(key);
      if (judged) {
        ++lost;
        add(judgement, {"lost",
                        in_words(history, *m.sent) +
                            ", was acknowledged and never came out, though the queue was found empty later",
                        {*m.sent}});
      } else {
        ++inside;
      }
    }
    recovered += m.sent && m.type == Type::info && !m.got.empty();
    if (m.got.size() > 1) {
      ++duplicated;
      if (once) {
        add(judgement, {"duplicated",
                        shown(value) + " came out " + std::to_string(m.got.size()) +
                            " times: " + in_words(history, m.got[0]) + ", and " + in_words(history, m.got[1]),
                        m.got});
      }
    }
  }
  judgement.numbers = numbers({{"acknowledged", sent},
                               {"lost", lost},
                               {"unexpected", unexpected},
                               {"duplicated", duplicated},
                               {"recovered", recovered},
                               {"inside", inside}});
  if (judgement.outcome == Outcome::ok && inside > 0 && open_since.empty() && empty.empty()) {
    judgement.outcome = Outcome::unknown;
    judgement.message =
        plural(inside, "message was", "messages were") +
        " acknowledged and did not come out, but nobody found the queue empty: drain it to know";
  }
  conclude(judgement, history,
           plural(sent, "message", "messages") + " accepted, " + std::to_string(duplicated) +
               " delivered twice, " + std::to_string(inside) +
               " perhaps still inside: none lost, none from nowhere");
  return judgement;
}

Expected<Judgement> check_set(const History& history, bool linearizable) {
  struct Element {
    std::optional<OpId> added;
    Type type = Type::info;
    std::size_t known = History::kNever;  // the first event after which it is there for sure
    std::optional<OpId> first_seen, last_seen;
  };
  struct Read {
    OpId op;
    std::set<Value> elements;
  };
  struct Set {
    std::map<Value, Element> elements;
    std::vector<Read> reads;
  };
  std::map<Value, Set> sets;
  Judgement judgement;
  std::size_t unexpected = 0, duplicated = 0;
  for (OpId op = 0; op < history.ops().size(); ++op) {
    const Event& start = history.invocation(op);
    const Type type = type_of(history, op);
    Set& set = sets[start.key];
    if (start.f == "add") {
      Element& e = set.elements[start.value];
      if (e.added && e.type != Type::fail)
        return wrong(history, op, "added " + shown(start.value) + " again: expected each element once");
      e.added = op;
      e.type = type;
      if (type == Type::ok) e.known = history.ops()[op].completion;
    } else if (start.f == "read") {
      if (type != Type::ok) continue;
      const Value& list = history.completion(op)->value;
      if (!list.is_list() && !list.is_nil()) return wrong(history, op, "expected a list, got " + shown(list));
      Read read{op, {}};
      if (list.is_list()) {
        for (const Value& v : list.list()) {
          if (read.elements.insert(v).second) continue;
          ++duplicated;
          add(judgement, {"duplicated", in_words(history, op) + " has " + shown(v) + " twice", {op}});
        }
      }
      set.reads.push_back(std::move(read));
    } else {
      return wrong(history, op, "expected add or read, got " + start.f);
    }
  }
  std::size_t ok = 0, lost = 0, stale = 0, recovered = 0, never = 0, reads = 0;
  for (auto& [key, set] : sets) {
    reads += set.reads.size();
    if (set.reads.empty()) continue;
    for (const Read& read : set.reads) {
      for (const Value& v : read.elements) {
        Element& e = set.elements[v];
        // Seen by a read that was answered before it was asked for is from nowhere, too.
        const bool possible = e.added && e.type != Type::fail &&
                              history.ops()[*e.added].invoke < history.ops()[read.op].completion;
        if (!possible) {
          ++unexpected;
          std::vector<OpId> ops = {read.op};
          if (e.added) ops.push_back(*e.added);
          add(judgement,
              {"unexpected",
               in_words(history, read.op) + " has " + shown(v) + ", " +
                   (e.added && e.type == Type::fail ? "whose add failed" : "which nobody had added"),
               ops});
        }
        e.known = std::min(e.known, history.ops()[read.op].completion);
        if (!e.first_seen) e.first_seen = read.op;
        e.last_seen = read.op;
      }
    }
    const Read& final =
        *std::max_element(set.reads.begin(), set.reads.end(), [&](const Read& a, const Read& b) {
          return history.ops()[a.op].invoke < history.ops()[b.op].invoke;
        });
    for (auto& [v, e] : set.elements) {
      recovered += e.added && e.type == Type::info && e.first_seen;
      if (e.known == History::kNever) continue;
      const bool should = e.known < history.ops()[final.op].invoke;
      if (should && !final.elements.contains(v)) {
        ++lost;
        std::vector<OpId> ops = {final.op};
        if (e.added) ops.push_back(*e.added);
        if (e.last_seen) ops.push_back(*e.last_seen);
        add(judgement, {"lost",
                        (e.type == Type::ok && e.added ? in_words(history, *e.added) + ", was acknowledged"
                                                       : shown(v) + " was seen") +
                            ", but the last read does not have it: " + in_words(history, final.op),
                        ops});
        continue;
      }
      if (!e.first_seen) {
        ++never;
        continue;
      }
      ++ok;
      for (const Read& read : set.reads) {
        if (history.ops()[read.op].invoke <= e.known || read.elements.contains(v)) continue;
        ++stale;
        if (linearizable) {
          std::vector<OpId> ops = {read.op, *e.first_seen};
          if (e.added) ops.push_back(*e.added);
          add(judgement,
              {"stale", in_words(history, read.op) + " lacks " + shown(v) + ", which was there before", ops});
        }
        break;
      }
    }
  }
  judgement.numbers = numbers({{"ok", ok},
                               {"lost", lost},
                               {"unexpected", unexpected},
                               {"stale", stale},
                               {"duplicated", duplicated},
                               {"recovered", recovered},
                               {"never_read", never},
                               {"reads", reads}});
  if (reads == 0 && judgement.outcome == Outcome::ok) {
    judgement.outcome = Outcome::unknown;
    judgement.message = "nobody read the set";
  }
  conclude(judgement, history,
           plural(ok, "element", "elements") + " stayed, " + std::to_string(stale) +
               " of them missing for a while");
  return judgement;
}

Expected<Judgement> check_bank(const History& history, std::optional<double> total, bool negative) {
  Judgement judgement;
  std::size_t reads = 0;
  std::optional<OpId> measure;
  for (OpId op = 0; op < history.ops().size(); ++op) {
    const Event& start = history.invocation(op);
    if (start.f != "read" || type_of(history, op) != Type::ok) continue;
    const Value& balances = history.completion(op)->value;
    std::vector<std::pair<std::string, Value>> accounts;
    if (balances.is_map()) {
      accounts = balances.map();
    } else if (balances.is_list()) {
      for (const Value& v : balances.list()) accounts.emplace_back(std::to_string(accounts.size() + 1), v);
    } else {
      return wrong(history, op, "expected a map or a list of balances, got " + shown(balances));
    }
    ++reads;
    double sum = 0;
    bool whole = true;
    for (const auto& [account, balance] : accounts) {
      if (!balance.is_number()) {
        whole = false;
        add(judgement,
            {"null-balance",
             in_words(history, op) + ": the balance of account " + account + " is " + shown(balance),
             {op}});
        continue;
      }
      sum += balance.number();
      if (!negative && balance.number() < 0) {
        add(judgement,
            {"negative", in_words(history, op) + ": account " + account + " has " + shown(balance), {op}});
      }
    }
    if (!whole) continue;
    if (!total) {
      total = sum;
      measure = op;
    }
    if (sum != *total) {
      std::vector<OpId> ops = {op};
      if (measure) ops.push_back(*measure);
      add(judgement, {"wrong-total",
                      in_words(history, op) + " adds up to " + shown(Value(sum)) + " and not to " +
                          shown(Value(*total)) + (measure ? ", as in the first read" : ""),
                      ops});
    }
  }
  judgement.numbers = numbers({{"reads", reads}});
  if (reads == 0) {
    judgement.outcome = Outcome::unknown;
    judgement.message = "nobody read the balances";
  }
  conclude(judgement, history,
           plural(reads, "read adds", "reads add") + " up to " + shown(Value(total.value_or(0))));
  return judgement;
}

Expected<Judgement> check_long_fork(const History& history) {
  struct Read {
    OpId op;
    std::map<std::string, bool> seen;
  };
  std::vector<Read> reads;
  std::map<std::string, std::size_t> writes;
  const auto name = [](const Value& key) { return key.is_string() ? std::string(key.string()) : shown(key); };
  for (OpId op = 0; op < history.ops().size(); ++op) {
    const Event& start = history.invocation(op);
    const bool ok = type_of(history, op) == Type::ok;
    Read read{op, {}};
    if (start.f == "txn") {
      const Value& value =
          ok && history.completion(op)->value.is_list() ? history.completion(op)->value : start.value;
      if (!value.is_list())
        return wrong(history, op, "expected a list of micro-operations, got " + shown(value));
      for (const Value& m : value.list()) {
        if (!m.is_list() || m.list().size() < 2)
          return wrong(history, op, "expected [f, key, value], got " + shown(m));
        if (m.list()[0] == Value("w")) {
          ++writes[name(m.list()[1])];
        } else {
          read.seen[name(m.list()[1])] = m.list().size() > 2 && m.list()[2].truthy();
        }
      }
    } else if (start.f == "write") {
      ++writes[name(start.key.is_nil() ? start.value : start.key)];
    } else if (start.f == "read" && ok) {
      const Value& map = history.completion(op)->value;
      if (!map.is_map()) return wrong(history, op, "expected a map of keys, got " + shown(map));
      for (const auto& [key, value] : map.map()) read.seen[key] = value.truthy();
    }
    if (ok && read.seen.size() > 1) reads.push_back(std::move(read));
  }
  for (const auto& [key, count] : writes) {
    if (count > 1)
      return make_error("unknown", "key " + key + " was written " + std::to_string(count) +
                                       " times: expected each key to be written once");
  }
  Judgement judgement;
  std::map<std::string, std::vector<std::size_t>> by_key;
  for (std::size_t r = 0; r < reads.size(); ++r) {
    std::set<std::size_t> others;  // earlier reads with a key in common
    for (const auto& [key, seen] : reads[r].seen) {
      others.insert(by_key[key].begin(), by_key[key].end());
      by_key[key].push_back(r);
    }
    for (std::size_t o : others) {
      const std::string *mine = nullptr, *theirs = nullptr;
      for (const auto& [key, seen] : reads[r].seen) {
        const auto other = reads[o].seen.find(key);
        if (other == reads[o].seen.end() || other->second == seen) continue;
        (seen ? mine : theirs) = &key;
      }
      if (mine == nullptr || theirs == nullptr) continue;
      add(judgement, {"long-fork",
                      "one read saw the write of " + *theirs + " and not that of " + *mine + ": " +
                          in_words(history, reads[o].op) + "; another that of " + *mine +
                          " and not that of " + *theirs + ": " + in_words(history, reads[r].op),
                      {reads[o].op, reads[r].op}});
    }
  }
  judgement.numbers = numbers({{"reads", reads.size()}, {"writes", writes.size()}});
  if (reads.size() < 2 && judgement.outcome == Outcome::ok) {
    judgement.outcome = Outcome::unknown;
    judgement.message = "fewer than two reads of several keys: no fork could be seen";
  }
  conclude(judgement, history,
           plural(reads.size(), "read", "reads") + ", of which any two can be put in an order");
  return judgement;
}

Judgement check_convergence(const History& history, Duration settle, bool ordered) {
  struct Key {
    std::size_t quiet = 0;           // the first event after all changes
    std::optional<Instant> settled;  // and a time
    bool open = false;               // a change was never answered: it may come at any time
    std::vector<std::pair<OpId, Value>> changes;
    std::map<std::int64_t, OpId> last;  // reads, by process
  };
  const auto reads = [](const std::string& f) {
    return f == "read" || f == "get" || f == "contains" || f == "drain";
  };
  std::map<Value, Key> keys;
  for (OpId op = 0; op < history.ops().size(); ++op) {
    const Event& start = history.invocation(op);
    const Type type = type_of(history, op);
    if (reads(start.f) || type == Type::fail) continue;
    Key& key = keys[start.key];
    key.changes.emplace_back(op, start.value);
    key.open = key.open || type == Type::info;
    if (type == Type::ok) {
      key.quiet = std::max(key.quiet, history.ops()[op].completion);
      if (const auto& time = history.completion(op)->time) key.settled = saturating_add(*time, settle);
    }
  }
  for (OpId op = 0; op < history.ops().size(); ++op) {
    const Event& start = history.invocation(op);
    if (!reads(start.f) || type_of(history, op) != Type::ok) continue;
    Key& key = keys[start.key];
    const bool late = !key.settled || !start.time || *start.time >= *key.settled;
    if (history.ops()[op].invoke >= key.quiet && late) key.last[start.process] = op;
  }
  const auto normal = [&](const Value& value) {
    if (ordered || !value.is_list()) return value;
    Value::List sorted = value.list();
    std::sort(sorted.begin(), sorted.end());
    return Value::list(std::move(sorted));
  };
  Judgement judgement;
  std::size_t judged = 0;
  for (const auto& [name, key] : keys) {
    if (key.last.size() < 2 || key.open) continue;
    ++judged;
    const OpId first = key.last.begin()->second;
    const Value agreed = normal(history.completion(first)->value);
    bool same = true;
    for (const auto& [process, op] : key.last) {
      if (normal(history.completion(op)->value) == agreed) continue;
      same = false;
      add(judgement, {"diverged", in_words(history, first) + ", but " + in_words(history, op), {first, op}});
      break;
    }
    if (!same) continue;
    if (agreed.is_list()) {
      for (const auto& [op, value] : key.changes) {
        const std::string& f = history.invocation(op).f;
        if ((f != "add" && f != "append") || type_of(history, op) != Type::ok) continue;
        const Value::List& list = agreed.list();
        const bool removed = std::any_of(key.changes.begin(), key.changes.end(), [&](const auto& c) {
          return history.invocation(c.first).f == "remove" && c.second == value;
        });
        if (removed || std::find(list.begin(), list.end(), value) != list.end()) continue;
        add(judgement,
            {"lost",
             in_words(history, op) +
                 ", was acknowledged, but in the end all agree on what lacks it: " + in_words(history, first),
             {op, first}});
      }
      continue;
    }
    const bool plain = std::all_of(key.changes.begin(), key.changes.end(), [&](const auto& c) {
      const std::string& f = history.invocation(c.first).f;
      return f == "write" || f == "put";
    });
    const bool known = agreed.is_nil() || std::any_of(key.changes.begin(), key.changes.end(),
                                                      [&](const auto& c) { return c.second == agreed; });
    if (plain && !known)
      add(judgement, {"thin-air", in_words(history, first) + ": nobody wrote that", {first}});
  }
  judgement.numbers = numbers({{"keys", keys.size()}, {"judged", judged}});
  if (judged == 0 && judgement.outcome == Outcome::ok) {
    judgement.outcome = Outcome::unknown;
    judgement.message = "no key was read by two processes after its last change";
  }
  conclude(judgement, history,
           "all agree on " + plural(judged, "key", "keys") + " of " + std::to_string(keys.size()) +
               " after the last change");
  return judgement;
}

}  // namespace syslab

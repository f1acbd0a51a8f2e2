#include "core/check/queue.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>

namespace syslab {
namespace {

// Between these two times an operation took effect.
struct Span {
  Instant from;
  Instant to;
};

struct Message {
  std::string id;
  std::string group;
  Span sent{};
  bool known = false;  // its send was answered
  Duration delay{};
  std::uint32_t receives = 0;
  std::size_t last_op = 0;
  Instant hidden_surely;            // until then it cannot be received
  Instant hidden_possibly;          // from then on it surely can
  std::optional<Instant> given_up;  // a delete was asked for, or it was purged
  std::optional<Instant> deleted;   // the delete was answered
  bool dead = false;
};

struct Queue {
  QueueRules rules;
  std::map<std::string, Message> messages;
  std::map<std::string, std::string> receipts;  // to ids
  std::map<std::string, std::pair<Span, std::string>> dedup;
  std::map<std::string, std::deque<Message*>>
      groups;                       // in order of acceptance, those at the front that are done cut off
  std::optional<Span> empty;        // the last empty receive
  bool uncertain_receives = false;  // somebody may have received what we do not know of
  bool redriven = false;
};

std::string text_of(const Value& value) {
  return value.is_string() ? std::string(value.string()) : std::string();
}

Duration seconds_of(const Value& value, Duration otherwise) {
  return value.is_number() ? from_seconds(value.number()) : otherwise;
}

std::string at(Instant t) {
  std::string text = std::to_string(to_seconds(t));
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text + " s";
}

class Judge {
 public:
  Judge(const History& history, const std::vector<QueueRules>& rules) : history_(history) {
    for (const QueueRules& r : rules) queues_[r.queue].rules = r;
  }

  QueueVerdict judge() {
    // What is not answered may happen at any time after its invocation, so it counts where it was invoked;
    // all else where it was answered. The order of events is that of time.
    std::map<std::size_t, History::OpId> by_event;
    for (History::OpId op = 0; op < history_.ops().size(); ++op) {
      const Event* end = history_.completion(op);
      const bool sure = end != nullptr && end->type == Event::Type::ok;
      by_event[sure ? history_.ops()[op].completion : history_.ops()[op].invoke] = op;
    }
    for (const auto& [event, op] : by_event) {
      event_ = event;
      take(op);
      if (verdict_.outcome == Outcome::violated) break;
    }
    verdict_.operations = history_.ops().size();
    if (verdict_.outcome == Outcome::ok) find_losses();
    if (verdict_.outcome == Outcome::ok) {
      verdict_.message = std::to_string(verdict_.operations) + " operations keep the queue's promises";
      if (!verdict_.loss_judged) verdict_.message += " (losses were not judged: no receive came back empty)";
    }
    return verdict_;
  }

 private:
  void violated(std::string rule, std::string message) {
    if (verdict_.outcome == Outcome::violated) return;
    verdict_.outcome = Outcome::violated;
    verdict_.rule = std::move(rule);
    verdict_.message = std::move(message);
    verdict_.event = event_;
  }

  void take(History::OpId op) {
    const Event& asked = history_.invocation(op);
    const Event* answer = history_.completion(op);
    const auto found = queues_.find(text_of(asked.key));
    if (found == queues_.end() || !asked.time) return;
    if (answer != nullptr && answer->type == Event::Type::fail) return;
    Queue& q = found->second;
    const bool sure = answer != nullptr && answer->type == Event::Type::ok;
    const Span span{*asked.time, sure && answer->time ? *answer->time : Instant::max()};
    if (asked.f == "send") {
      if (sure) on_send(q, span, asked.value, answer->value);
    } else if (asked.f == "receive") {
      if (sure) {
        on_receive(q, span, op, asked.value, answer->value);
      } else {
        q.uncertain_receives = true;
      }
    } else if (asked.f == "delete") {
      on_delete(q, span, sure, asked.value, sure ? answer->value : Value(true));
    } else if (asked.f == "visibility") {
      on_visibility(q, span, sure, asked.value);
    } else if (asked.f == "purge") {
      for (auto& [id, m] : q.messages) {
        if (!m.given_up) m.given_up = span.from;
      }
    } else if (asked.f == "redrive") {
      q.redriven = true;
    }
  }

  void on_send(Queue& q, Span span, const Value& asked, const Value& answer) {
    const std::string id = text_of(answer["id"]);
    const std::string dedup = text_of(asked["dedup"]);
    if (q.rules.fifo && !dedup.empty()) {
      const auto first = q.dedup.find(dedup);
      const bool swallowed = answer["duplicate"].truthy();
      if (first != q.dedup.end()) {
        const auto& [sent, first_id] = first->second;
        if (!swallowed && span.to < saturating_add(sent.from, q.rules.dedup_window)) {
          return violated("dedup", "'" + dedup + "' was accepted at " + at(sent.from) + " as " + first_id +
                                       " and, within the window, again at " + at(span.to) + " as " + id);
        }
        if (swallowed && span.from >= saturating_add(sent.to, q.rules.dedup_window)) {
          return violated("dedup", "'" + dedup + "', accepted at " + at(sent.to) + ", was swallowed at " +
                                       at(span.from) + ", after the window");
        }
      } else if (swallowed) {
        return violated("dedup", "'" + dedup + "' was swallowed though it had not been sent before");
      }
      if (!swallowed) q.dedup[dedup] = {span, id};
    }
    if (answer["duplicate"].truthy()) return;
    Message& m = q.messages[id];
    m.id = id;
    m.sent = span;
    m.known = true;
    m.group = text_of(asked["group"]);
    m.delay = seconds_of(asked["delay"], Duration::zero());
    if (m.receives == 0) {
      m.hidden_surely = saturating_add(span.from, m.delay);
      m.hidden_possibly = saturating_add(span.to, m.delay);
    }
    if (q.rules.fifo) q.groups[m.group].push_back(&m);
  }

  static bool done(const Queue& q, const Message& m, Instant by) {
    return m.dead || (m.given_up && *m.given_up <= by) ||
           by >= saturating_add(m.sent.from, q.rules.retention) ||
           (q.rules.max_receives > 0 && m.receives >= q.rules.max_receives && m.hidden_surely <= by);
  }

  void on_receive(Queue& q, Span span, History::OpId op, const Value& asked, const Value& answer) {
    if (!answer.is_list()) return;
    if (answer.list().empty()) q.empty = span;
    const Duration visibility = seconds_of(asked["visibility"], q.rules.visibility);
    for (const Value& got : answer.list()) {
      const std::string id = text_of(got["id"]);
      auto [found, fresh] = q.messages.try_emplace(id);
      Message& m = found->second;
      if (fresh) {
        m.id = id;
        m.group = text_of(got["group"]);
        m.sent = {span.from, span.to};
        if (!dead_letter(q, m, span)) return;
      }
      q.receipts[text_of(got["receipt"])] = id;
      if (!q.rules.duplicates && m.hidden_surely > span.to) {
        return m.receives == 0 ? violated("delay", id + " was received at " + at(span.to) +
                                                       ", before its delay ended at " + at(m.hidden_surely))
                               : violated("redelivery", id + " was received again at " + at(span.to) +
                                                            ", before its timeout at " + at(m.hidden_surely));
      }
      if (!q.rules.duplicates && m.deleted && span.from > *m.deleted) {
        return violated("redelivery", id + " was received at " + at(span.from) +
                                          ", after it was deleted at " + at(*m.deleted));
      }
      if (m.known && span.from >= saturating_add(m.sent.to, q.rules.retention)) {
        return violated("retention", id + " was received at " + at(span.from) + ", after its retention");
      }
      if (q.rules.fifo && m.known && !first_of_group(q, m, span, op)) return;
      ++m.receives;
      if (q.rules.max_receives > 0 && m.receives > q.rules.max_receives) {
        return violated("dead_letter", id + " was received " + std::to_string(m.receives) + " times; " +
                                           std::to_string(q.rules.max_receives) + " is the limit");
      }
      m.last_op = op;
      m.hidden_surely = saturating_add(span.from, visibility);
      m.hidden_possibly = saturating_add(span.to, visibility);
    }
  }

  // Whether `m`, seen in `q` for the first time, may be there: it was received exactly N times where it came
  // from.
  bool dead_letter(Queue& q, Message& m, Span span) {
    for (auto& [name, source] : queues_) {
      if (source.rules.dead_letters != q.rules.queue || &source == &q) continue;
      const auto was = source.messages.find(m.id);
      if (was == source.messages.end()) continue;
      Message& before = was->second;
      if (before.receives < source.rules.max_receives && !source.uncertain_receives) {
        violated("dead_letter", m.id + " is a dead letter after " + std::to_string(before.receives) +
                                    " receives instead of " + std::to_string(source.rules.max_receives) +
                                    " (at " + at(span.to) + ")");
        return false;
      }
      before.dead = true;
    }
    return true;
  }

  bool first_of_group(Queue& q, const Message& m, Span span, History::OpId op) {
    std::deque<Message*>& group = q.groups[m.group];
    while (!group.empty() && group.front() != &m && done(q, *group.front(), span.to)) group.pop_front();
    for (const Message* earlier : group) {
      if (earlier == &m) break;
      if (done(q, *earlier, span.to)) continue;
      if (earlier->sent.to > m.sent.from && earlier->sent.from < m.sent.to)
        continue;                                                     // nobody knows which was first
      if (earlier->receives > 0 && earlier->last_op == op) continue;  // before it in this receive
      if (earlier->receives > 0 && earlier->hidden_surely > span.to) {
        violated("in_flight", m.id + " was received at " + at(span.to) + " while " + earlier->id +
                                  " of the group '" + m.group + "' was in flight");
      } else {
        violated("order", m.id + " was received at " + at(span.to) + " before " + earlier->id +
                              " of the group '" + m.group + "'");
      }
      return false;
    }
    return true;
  }

  Message* by_receipt(Queue& q, const Value& asked) {
    const auto id = q.receipts.find(text_of(asked["receipt"]));
    return id == q.receipts.end() ? nullptr : &q.messages.at(id->second);
  }

  void on_delete(Queue& q, Span span, bool sure, const Value& asked, const Value& answer) {
    Message* m = by_receipt(q, asked);
    if (m == nullptr || !answer.truthy()) return;
    if (!m->given_up) m->given_up = span.from;
    if (sure && !m->deleted) m->deleted = span.to;
  }

  void on_visibility(Queue& q, Span span, bool sure, const Value& asked) {
    Message* m = by_receipt(q, asked);
    if (m == nullptr) return;
    const Duration timeout = seconds_of(asked["timeout"], Duration::zero());
    const Instant surely = saturating_add(span.from, timeout);
    m->hidden_surely = sure ? surely : std::min(m->hidden_surely, surely);
    m->hidden_possibly = sure ? saturating_add(span.to, timeout) : Instant::max();
  }

  void find_losses() {
    for (auto& [name, q] : queues_) {
      if (!q.empty || q.redriven || q.uncertain_receives) continue;
      verdict_.loss_judged = true;
      const Span empty = *q.empty;
      // Fifo: a group that may have been withheld.
      std::map<std::string, Instant> withheld;
      if (q.rules.fifo) {
        for (const auto& [id, m] : q.messages) {
          if (m.dead || (m.deleted && *m.deleted <= empty.from)) continue;
          Instant& until = withheld[m.group];
          until = std::max(until, m.hidden_possibly);
        }
      }
      for (const auto& [id, m] : q.messages) {
        if (!m.known || m.dead || m.given_up || m.sent.to > empty.from || m.hidden_possibly > empty.from)
          continue;
        if (q.rules.fifo && withheld[m.group] > empty.from) continue;
        if (q.rules.max_receives > 0 && m.receives >= q.rules.max_receives) continue;
        if (empty.to >= saturating_add(m.sent.from, q.rules.retention)) continue;
        event_ = history_.size() - 1;
        return violated("loss", id + ", accepted at " + at(m.sent.to) +
                                    ", was neither deleted nor expired, but the receive at " + at(empty.to) +
                                    " found nothing");
      }
    }
  }

  const History& history_;
  std::map<std::string, Queue> queues_;
  std::size_t event_ = 0;
  QueueVerdict verdict_;
};

}  // namespace

QueueVerdict check_queue(const History& history, const std::vector<QueueRules>& rules) {
  return Judge(history, rules).judge();
}

}  // namespace syslab

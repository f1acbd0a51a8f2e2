#include "core/event/outbox.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/event/fields.hpp"
#include "core/event/journal.hpp"

namespace syslab {
namespace {

using namespace fields;

// The message inside what a bus, a topic or an event store delivers.
Value unpacked(const Request& request) {
  if (request.type == "event" && request.body["event"].is_map()) return request.body["event"];
  if (request.type == "invoke" && request.body["body"].is_map()) {
    const Value& envelope = request.body["body"];
    if (envelope["detail"].is_map()) {
      const Value& detail = envelope["detail"];
      return detail["type"].is_nil() ? detail.with("type", envelope["detail_type"]) : detail;
    }
    return envelope["body"].is_map() ? envelope["body"] : envelope;
  }
  return (request.body.is_map() ? request.body : Value::map({})).with("type", request.type);
}

class Outbox final : public FilterService {
 public:
  Outbox(std::shared_ptr<const OutboxOptions> options, ServicePtr inner)
      : FilterService("outbox", std::move(inner)), options_(std::move(options)) {}

  void on_start(Env& env) override {
    env_ = &env;
    journal_.start(env);
    inner_->on_start(env);
  }

  void call(Env& env, Request request, Reply reply) override {
    const Request asked = request;
    inner_->call(env, std::move(request), [this, asked, reply = std::move(reply)](Result result) mutable {
      if (!result.ok()) return reply(std::move(result));
      if (asked.type == "get") return get(asked.body, std::move(reply));
      if (asked.type == "outbox") return list(pending_, std::move(reply));
      if (asked.type == "parked") return list(parked_, std::move(reply));
      if (asked.type == "replay_parked") return replay_parked(std::move(reply));
      handle(unpacked(asked), std::move(reply));
    });
  }

 private:
  using Publishing = OutboxOptions::Publishing;
  struct Known {
    Value answer;
    Instant at;
  };

  // ---- the state, as the journal keeps it: records {rows, events, id, answer, at} of a request, {sent} and
  // {parked} of the relay, {again} where parked ones are tried once more

  void reset(const Value& snapshot) {
    rows_.clear();
    pending_.clear();
    parked_.clear();
    inbox_.clear();
    order_.clear();
    next_id_ = 0;
    cursor_ = 0;
    ++turn_;
    sending_ = false;
    if (snapshot.is_nil()) return;
    put_rows(snapshot["rows"]);
    for (const Value& e : snapshot["pending"].list()) pending_.push_back(e);
    for (const Value& e : snapshot["parked"].list()) parked_.push_back(e);
    for (const Value& known : snapshot["inbox"].list()) {
      remember(text_of(known["id"]), known["answer"], instant_of(known["at"]));
    }
    next_id_ = number_of(snapshot["next_id"]);
  }

  Value snapshot() const {
    Value::List inbox;
    for (const std::string& id : order_) {
      const Known& known = inbox_.at(id);
      inbox.push_back(Value::map({{"id", id}, {"answer", known.answer}, {"at", nanoseconds(known.at)}}));
    }
    return Value::map({{"rows", Value::map(Value::Map(rows_.begin(), rows_.end()))},
                       {"pending", Value::list(Value::List(pending_.begin(), pending_.end()))},
                       {"parked", Value::list(Value::List(parked_.begin(), parked_.end()))},
                       {"inbox", Value::list(std::move(inbox))},
                       {"next_id", number(next_id_)}});
  }

  void replay(const Value& record) {
    put_rows(record["rows"]);
    if (record["events"].is_list()) {
      for (const Value& e : record["events"].list()) pending_.push_back(e);
    }
    next_id_ = std::max(next_id_, number_of(record["next_id"]));
    if (record["id"].is_string()) {
      remember(std::string(record["id"].string()), record["answer"], instant_of(record["at"]));
    }
    if (!record["sent"].is_nil() && !pending_.empty()) {
      if (record["sent"] == Value("parked")) parked_.push_back(pending_.front());
      pending_.pop_front();
      if (cursor_ > 0) --cursor_;
    }
    if (!record["again"].is_nil()) {
      pending_.insert(pending_.end(), parked_.begin(), parked_.end());
      parked_.clear();
    }
  }

  void put_rows(const Value& changes) {
    if (!changes.is_map()) return;
    for (const auto& [key, value] : changes.map()) {
      if (value.truthy()) {
        rows_[key] = value;
      } else {
        rows_.erase(key);
      }
    }
  }

  void remember(const std::string& id, const Value& answer, Instant now) {
    forget(now);
    if (inbox_.emplace(id, Known{answer, now}).second) order_.push_back(id);
  }

  // Ids that are as old as the window are gone.
  void forget(Instant now) {
    while (!order_.empty() && saturating_add(inbox_.at(order_.front()).at, options_->window) <= now) {
      inbox_.erase(order_.front());
      order_.pop_front();
    }
  }

  void committed() {
    ready_ = pending_.size();
    relay();
  }

  // ---- requests

  Value row(const std::string& key) const {
    const auto found = rows_.find(key);
    return found == rows_.end() ? Value() : found->second;
  }

  void get(const Value& body, Reply reply) {
    const auto key = required_text(body, "key");
    if (!key) return reply(key.error());
    journal_.submit(
        [this, key = *key]() -> Journal::Outcome {
          const Value found = row(key);
          if (found.is_nil()) return {{}, make_error("not_found", "no row '" + key + "'")};
          return {{}, found};
        },
        std::move(reply));
  }

  void list(const std::deque<Value>& events, Reply reply) {
    journal_.submit(
        [&events]() -> Journal::Outcome {
          return {{}, Value::list(Value::List(events.begin(), events.end()))};
        },
        std::move(reply));
  }

  void replay_parked(Reply reply) {
    journal_.submit(
        [this]() -> Journal::Outcome {
          const Value answer = number(parked_.size());
          const Value record = Value::map({{"again", true}});
          replay(record);
          return {record, answer};
        },
        std::move(reply));
  }

  std::string id_of(const Value& message) const {
    if (!options_->inbox) return {};
    const Value& id = message["id"].is_nil() ? message["detail"]["id"] : message["id"];
    if (id.is_number()) return id.json();
    return text_of(id);
  }

  // What a request came to: the record and the answer. Events get their ids here.
  struct Worked {
    Value record;
    Value answer;
    Value::List events;
  };
  Expected<Worked> work(const Value& message, const std::string& id) {
    const auto done = options_->handle(message, [this](const std::string& key) { return row(key); });
    if (!done) return done.error();
    const Value& given = *done;
    if (!given.is_nil() && !given.is_map() && !(given.is_list() && given.list().empty())) {
      return make_error("crashed",
                        "a handler answers with { rows =, events =, answer = }, not " + given.json());
    }
    Worked worked;
    worked.answer = given["answer"].is_nil() ? Value(true) : given["answer"];
    std::uint64_t next_id = next_id_;
    if (given["events"].is_list()) {
      for (const Value& event : given["events"].list()) {
        if (!event["type"].is_string()) return make_error("crashed", "an event has a text as its type");
        const std::string event_id = options_->name + "-" + std::to_string(++next_id);
        worked.events.push_back(event.with("id", event_id));
      }
    }
    worked.record = Value::map({{"at", nanoseconds(env_->now())}, {"next_id", number(next_id)}});
    if (given["rows"].is_map()) worked.record = worked.record.with("rows", given["rows"]);
    if (!id.empty()) worked.record = worked.record.with("id", id).with("answer", worked.answer);
    return worked;
  }

  std::optional<Result> known(const std::string& id) {
    forget(env_->now());
    const auto found = inbox_.find(id);
    if (id.empty() || found == inbox_.end()) return std::nullopt;
    ++repeated_;
    return Result(found->second.answer);
  }

  void handle(Value message, Reply reply) {
    const std::string id = id_of(message);
    if (options_->publishing == Publishing::publish_first)
      return publish_first(message, id, std::move(reply));
    const auto ops = std::make_shared<std::vector<History::OpId>>();
    const auto loose = std::make_shared<Value::List>();
    journal_.submit(
        [this, message, id, ops, loose]() -> Journal::Outcome {
          if (auto before = known(id)) return {{}, *before};
          auto worked = work(message, id);
          if (!worked) return {{}, worked.error()};
          begin_history(message, id, worked->events, *ops);
          if (options_->publishing == Publishing::outbox) {
            worked->record = worked->record.with("events", Value::list(worked->events));
          } else {
            *loose = worked->events;
          }
          replay(worked->record);
          return {worked->record, worked->answer};
        },
        [this, ops, loose, reply = std::move(reply)](Result result) {
          end_history(*ops, result);
          reply(result);
          if (result.ok()) {
            for (const Value& event : *loose) publish(event, nullptr);
          }
        });
  }

  void publish_first(const Value& message, const std::string& id, Reply reply) {
    if (auto before = known(id)) return reply(*before);
    auto worked = work(message, id);
    if (!worked) return reply(worked.error());
    next_id_ = number_of(worked->record["next_id"]);
    const auto ops = std::make_shared<std::vector<History::OpId>>();
    begin_history(message, id, worked->events, *ops);
    publish_all(std::make_shared<Worked>(std::move(*worked)), 0, ops, std::move(reply));
  }

  void publish_all(std::shared_ptr<Worked> worked, std::size_t i,
                   const std::shared_ptr<std::vector<History::OpId>>& ops, Reply reply) {
    if (i < worked->events.size()) {
      const Value event = worked->events[i];
      return publish(event, [this, worked, i, ops, reply = std::move(reply)](const Result& result) {
        if (result.ok()) return publish_all(worked, i + 1, ops, reply);
        end_history(*ops, result);
        reply(result);
      });
    }
    journal_.submit(
        [this, worked]() -> Journal::Outcome {
          replay(worked->record);
          return {worked->record, worked->answer};
        },
        [this, ops, reply = std::move(reply)](Result result) {
          end_history(*ops, result);
          reply(std::move(result));
        });
  }

  // ---- history

  void begin_history(const Value& message, const std::string& id, const Value::List& events,
                     std::vector<History::OpId>& ops) {
    if (options_->history == nullptr) return;
    const auto begin = [&](std::string_view f, Value key, Value value) {
      const auto process = static_cast<std::int64_t>(options_->history->ops().size());
      ops.push_back(options_->history->invoke(process, f, std::move(key), std::move(value),
                                              recorded_at(*options_->history, env_->now())));
    };
    if (!id.empty()) begin("apply", Value(options_->name), Value::map({{"id", id}}));
    if (message["saga"].is_string()) {
      begin("effect", message["saga"], Value::map({{"type", message["type"]}, {"by", options_->name}}));
    }
    Value::List ids;
    for (const Value& e : events) ids.push_back(e["id"]);
    if (!ids.empty())
      begin("publish", Value(options_->name), Value::map({{"ids", Value::list(std::move(ids))}}));
  }

  void end_history(const std::vector<History::OpId>& ops, const Result& result) {
    for (const History::OpId op : ops)
      options_->history->complete(op, result, recorded_at(*options_->history, env_->now()));
  }

  // ---- the relay

  Request request_for(const Value& event) const {
    switch (options_->kind) {
      case OutboxOptions::Kind::queue: {
        Value::Map body = {{"queue", options_->target}, {"body", event}};
        if (event["group"].is_string()) {
          body.emplace_back("group", event["group"]);
          body.emplace_back("dedup", event["id"]);
        }
        return {.type = "send", .body = Value::map(std::move(body))};
      }
      case OutboxOptions::Kind::bus:
        return {.type = "put",
                .body = Value::map({{"entries", Value::list({Value::map({{"source", options_->name},
                                                                         {"detail_type", event["type"]},
                                                                         {"detail", event}})})}})};
      case OutboxOptions::Kind::topic:
        return {.type = "publish", .body = Value::map({{"topic", options_->target}, {"body", event}})};
      case OutboxOptions::Kind::store: {
        Value::Map stored = {{"type", event["type"]}, {"data", event["data"]}, {"id", event["id"]}};
        const Value stream = event["stream"].is_string() ? event["stream"] : Value(options_->name);
        return {.type = "append",
                .body = Value::map(
                    {{"stream", stream}, {"events", Value::list({Value::map(std::move(stored))})}})};
      }
      case OutboxOptions::Kind::none:
      case OutboxOptions::Kind::node:
        break;
    }
    return {.type = "event", .body = Value::map({{"event", event}})};
  }

  // One attempt; a bus answers ok and says inside that it took nothing.
  void publish(const Value& event, Reply done) {
    if (options_->kind == OutboxOptions::Kind::none) return done ? done(Value(true)) : void();
    const auto node = env_->find(options_->to);
    if (!node) return done ? done(node.error()) : void();
    env_->call(*node, request_for(event), options_->timeout, [done = std::move(done)](Result result) {
      if (!done) return;
      if (result.ok() && (*result)["failed"].is_number() && (*result)["failed"].number() > 0) {
        return done(refused("InvalidArgument", "the bus did not take it"));
      }
      done(std::move(result));
    });
  }

  void relay() {
    if (sending_ || cursor_ >= ready_ || options_->kind == OutboxOptions::Kind::none) return;
    sending_ = true;
    ++sends_;
    const std::uint64_t turn = turn_;
    publish(pending_[cursor_], [this, turn](const Result& result) {
      if (turn != turn_) return;
      if (result.ok()) return done_with_front(Value(true));
      ++failures_;
      const bool counts = !is_fault(result.error()) && options_->attempts > 0;
      if (counts && ++refusals_ >= options_->attempts) return done_with_front(Value("parked"));
      env_->after(options_->retry, [this, turn] {
        if (turn != turn_) return;
        sending_ = false;
        relay();
      });
    });
  }

  // The next one need not wait until this is written down; after a crash this one is sent once more.
  void done_with_front(const Value& how) {
    refusals_ = 0;
    ++cursor_;
    sending_ = false;
    journal_.submit(
        [this, how]() -> Journal::Outcome {
          const Value record = Value::map({{"sent", how}});
          replay(record);
          --ready_;
          return {record, Value(true)};
        },
        [](const Result&) {});
    relay();
  }

  Value state() const override {
    Value shown = Value::map({{"rows", number(rows_.size())},
                              {"pending", number(pending_.size())},
                              {"parked", number(parked_.size())},
                              {"remembered", number(inbox_.size())},
                              {"repeated", number(repeated_)},
                              {"sends", number(sends_)},
                              {"failures", number(failures_)}});
    return journal_.broken() ? shown.with("broken", journal_.broken()->message) : shown;
  }

  const std::shared_ptr<const OutboxOptions> options_;
  Env* env_ = nullptr;
  std::map<std::string, Value> rows_;
  std::deque<Value> pending_;  // events, the oldest first; not yet known to have arrived
  std::deque<Value> parked_;
  std::map<std::string, Known> inbox_;
  std::deque<std::string> order_;  // of the ids, by age
  std::uint64_t next_id_ = 0;
  std::size_t cursor_ = 0;  // so many of `pending_` have arrived, and that is being written down
  std::size_t ready_ = 0;   // so many of `pending_` are durable
  std::uint64_t turn_ = 0;
  bool sending_ = false;
  std::uint64_t refusals_ = 0;  // of the event that is under way
  std::uint64_t sends_ = 0;
  std::uint64_t failures_ = 0;
  std::uint64_t repeated_ = 0;
  Journal journal_{"outbox",
                   {.reset = [this](const Value& s) { reset(s); },
                    .replay = [this](const Value& r) { replay(r); },
                    .committed = [this] { committed(); },
                    .snapshot = [this] { return snapshot(); }}};
};

}  // namespace

Filter make_outbox(OutboxOptions options) {
  const auto shared = std::make_shared<const OutboxOptions>(std::move(options));
  return [shared](ServicePtr inner) { return std::make_shared<Outbox>(shared, std::move(inner)); };
}

}  // namespace syslab

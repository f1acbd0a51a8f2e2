#include "core/event/projection.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/event/fields.hpp"
#include "core/event/journal.hpp"

namespace syslab {
namespace {

using namespace fields;
using Rows = std::map<std::string, Value>;

void put_rows(Rows& rows, const Value& changes) {
  if (!changes.is_map()) return;
  for (const auto& [key, value] : changes.map()) {
    if (value.truthy()) {
      rows[key] = value;
    } else {
      rows.erase(key);
    }
  }
}

Value rows_value(const Rows& rows) {
  return Value::map(Value::Map(rows.begin(), rows.end()));
}

class Projection final : public FilterService {
 public:
  Projection(std::shared_ptr<const ProjectionOptions> options, ServicePtr inner)
      : FilterService("projection", std::move(inner)), options_(std::move(options)) {}

  void on_start(Env& env) override {
    env_ = &env;
    journal_.start(env);
    kept_ = shown_.position;
    poll();
    inner_->on_start(env);
  }

  void call(Env& env, Request request, Reply reply) override {
    const Action action = action_of(request.type);
    if (action == nullptr) {
      inner_->call(env, std::move(request), std::move(reply));
      return;
    }
    const Value body = request.body;
    inner_->call(env, std::move(request),
                 [this, action, body, reply = std::move(reply)](Result result) mutable {
                   if (!result.ok()) return reply(std::move(result));
                   if (journal_.broken()) return reply(*journal_.broken());
                   (this->*action)(body, std::move(reply));
                 });
  }

 private:
  using Action = void (Projection::*)(const Value& body, Reply reply);
  struct Model {
    Rows rows;
    std::uint64_t position = 0;  // of the last event that was applied or passed over
  };
  struct Waiter {
    std::uint64_t id;
    std::uint64_t at_least;
    Value body;
    TimerId timer;
    Reply reply;
  };

  static Action action_of(std::string_view type) {
    if (type == "get") return &Projection::get;
    if (type == "query") return &Projection::query;
    if (type == "status") return &Projection::status;
    if (type == "skipped") return &Projection::skipped;
    if (type == "rebuild") return &Projection::rebuild;
    if (type == "stop") return &Projection::stop;
    if (type == "resume") return &Projection::resume;
    return nullptr;
  }

  // ---- the state, as the journal keeps it: records {rows, position, skipped, all}, each entry where it
  // applies

  void reset(const Value& snapshot) {
    shown_ = {};
    skipped_.clear();
    if (snapshot.is_nil()) return;
    put_rows(shown_.rows, snapshot["rows"]);
    shown_.position = number_of(snapshot["position"]);
    if (snapshot["skipped"].is_list()) skipped_ = snapshot["skipped"].list();
  }

  void replay(const Value& record) {
    if (record["all"].truthy()) shown_.rows.clear();
    put_rows(shown_.rows, record["rows"]);
    if (!record["position"].is_nil()) shown_.position = number_of(record["position"]);
    if (record["skipped"].is_list()) {
      for (const Value& event : record["skipped"].list()) skipped_.push_back(event);
    }
  }

  Value snapshot() const {
    return Value::map({{"rows", rows_value(shown_.rows)},
                       {"position", number(shown_.position)},
                       {"skipped", Value::list(skipped_)}});
  }

  // What is not durable is not shown: the state changes when the record is kept.
  void record(Value record, std::function<void(bool)> then) {
    writing_ = true;
    journal_.submit(
        [record]() -> Journal::Outcome {
          return {record, Value(true)};
        },
        [this, record, then = std::move(then)](const Result& result) {
          writing_ = false;
          if (result.ok()) replay(record);
          then(result.ok());
        });
  }

  // ---- reading the store

  // One loop at a time: a new turn makes everything that the old one still waits for late.
  void poll() {
    const std::uint64_t turn = ++turn_;
    begun_.clear();
    if (stopped_ || writing_ || journal_.broken()) return;  // what is being written polls when it is done
    const auto store = env_->find(options_->store);
    if (!store) {
      env_->log("projection", store.error().message);
      return;
    }
    const Value body =
        Value::map({{"from", number((next_ ? next_->position : kept_) + 1)},
                    {"max", number(options_->batch)},
                    {"wait", to_seconds(options_->wait)},
                    {"category", options_->category.empty() ? Value() : Value(options_->category)}});
    env_->call(*store, {.type = "read_all", .body = body}, options_->wait + options_->retry,
               [this, turn](const Result& result) {
                 if (turn != turn_) return;
                 if (!result.ok()) return later(turn);
                 head_ = number_of((*result)["head"]);
                 take(turn, (*result)["events"], number_of((*result)["next"]));
               });
  }

  void later(std::uint64_t turn) {
    env_->after(options_->retry, [this, turn] {
      if (turn == turn_) poll();
    });
  }

  void take(std::uint64_t turn, const Value& events, std::uint64_t next) {
    if (!events.is_list() || events.list().empty()) {
      std::uint64_t& position = next_ ? next_->position : kept_;
      position = std::max(position, next == 0 ? 0 : next - 1);  // events of other categories were passed over
      return catch_up(turn);
    }
    if (options_->checkpoint == ProjectionOptions::Checkpoint::before && !next_) {
      const Value last = events.list().back()["position"];
      record(Value::map({{"position", last}}), [this, turn, events](bool ok) {
        if (turn != turn_) return poll();
        ok ? apply_all(turn, events) : later(turn);
      });
      return;
    }
    apply_all(turn, events);
  }

  void apply_all(std::uint64_t turn, const Value& events) {
    staged_.clear();
    put_aside_.clear();
    failure_.clear();
    apply_from(turn, events, 0);
  }

  void apply_from(std::uint64_t turn, const Value& events, std::size_t i) {
    const auto work = [this, turn, events, i] {
      if (turn != turn_) return;
      const Value& event = events.list()[i];
      const auto changes = options_->apply(event, [this](const std::string& key) { return row(key); });
      if (!changes) {
        env_->log("apply failed",
                  Value::map({{"position", event["position"]}, {"error", changes.error().message}}));
        if (!options_->skip_errors) return fail(turn, events, i, changes.error());
        put_aside_.push_back(event.with("error", changes.error().message));
      } else {
        if (changes->is_map()) {
          for (const auto& [key, value] : changes->map()) staged_[key] = value;
        }
        begin_apply(event);
      }
      ++begun_count_;
      if (i + 1 < events.list().size()) return apply_from(turn, events, i + 1);
      keep(turn, number_of(event["position"]));
    };
    options_->time > Duration::zero() ? void(env_->work(options_->time, work)) : work();
  }

  // What was applied before the failure is kept, and the projection stands.
  void fail(std::uint64_t turn, const Value& events, std::size_t i, const Error& error) {
    failure_ = error.message;
    begun_count_ = i;
    if (i == 0) return later(turn);
    keep(turn, number_of(events.list()[i - 1]["position"]));
  }

  Value row(const std::string& key) const {
    if (const auto staged = staged_.find(key); staged != staged_.end()) {
      return staged->second.truthy() ? staged->second : Value();
    }
    const Rows& rows = next_ ? next_->rows : shown_.rows;
    const auto found = rows.find(key);
    return found == rows.end() ? Value() : found->second;
  }

  void keep(std::uint64_t turn, std::uint64_t position) {
    const Value rows = rows_value(staged_);
    staged_.clear();
    if (next_) {
      put_rows(next_->rows, rows);
      next_->position = position;
      return catch_up(turn);
    }
    Value what = Value::map({{"rows", rows}});
    if (!put_aside_.empty()) what = what.with("skipped", Value::list(std::exchange(put_aside_, {})));
    since_checkpoint_ += begun_count_;
    begun_count_ = 0;
    const bool after = options_->checkpoint == ProjectionOptions::Checkpoint::after;
    if (options_->checkpoint == ProjectionOptions::Checkpoint::together) {
      what = what.with("position", number(position));
    }
    record(std::move(what), [this, turn, position, after, begun = std::exchange(begun_, {})](bool ok) {
      for (const History::OpId op : begun) {
        options_->history->complete(op, ok ? Event::Type::ok : Event::Type::info, Value(true),
                                    recorded_at(*options_->history, env_->now()));
      }
      if (ok) kept_ = position;
      if (turn != turn_) return poll();
      if (!ok) return later(turn);
      if (!after || since_checkpoint_ < options_->checkpoint_every) return catch_up(turn);
      // A moment in which a crash has the rows and not the checkpoint.
      since_checkpoint_ = 0;
      record(Value::map({{"position", number(position)}}),
             [this, turn](bool) { turn == turn_ ? catch_up(turn) : poll(); });
    });
  }

  void begin_apply(const Value& event) {
    if (options_->history == nullptr || next_) return;
    const auto process = static_cast<std::int64_t>(options_->history->ops().size());
    begun_.push_back(options_->history->invoke(
        process, "apply", Value(options_->name),
        Value::map({{"id", event["id"]}, {"stream", event["stream"]}, {"version", event["version"]}}),
        recorded_at(*options_->history, env_->now())));
  }

  void catch_up(std::uint64_t turn) {
    if (next_ && next_->position >= std::max(kept_, head_)) {
      // The new rows take the place of the old ones, in one record.
      const std::uint64_t position = next_->position;
      const Value everything =
          Value::map({{"all", true}, {"rows", rows_value(next_->rows)}, {"position", number(position)}});
      record(everything, [this, turn, position](bool ok) {
        if (ok) {
          kept_ = position;
          next_.reset();
        }
        if (turn != turn_) return poll();
        ok ? catch_up(turn) : later(turn);
      });
      return;
    }
    for (std::size_t left = waiters_.size(); left > 0; --left) {
      Waiter w = std::move(waiters_.front());
      waiters_.pop_front();
      if (kept_ < w.at_least) {
        waiters_.push_back(std::move(w));
        continue;
      }
      env_->cancel(w.timer);
      answer_get(w.body, w.reply);
    }
    env_->metrics().gauge("projection_lag_events").set(static_cast<double>(lag()));
    if (turn != turn_) return;
    failure_.empty() ? poll() : later(turn);
  }

  std::uint64_t lag() const { return head_ > kept_ ? head_ - kept_ : 0; }

  // ---- requests

  void answer_get(const Value& body, const Reply& reply) const {
    const auto key = required_text(body, "key");
    if (!key) return reply(key.error());
    const auto found = shown_.rows.find(*key);
    if (found == shown_.rows.end()) return reply(make_error("not_found", "no row '" + *key + "'"));
    reply(found->second);
  }

  void get(const Value& body, Reply reply) {
    const auto at_least = optional_count(body, "at_least", 0);
    if (!at_least) return reply(at_least.error());
    const auto wait = optional_duration(body, "wait", std::chrono::seconds(1));
    if (!wait) return reply(wait.error());
    if (*at_least <= kept_) return answer_get(body, reply);
    const std::uint64_t id = ++last_waiter_;
    const TimerId timer = env_->after(*wait, [this, id] {
      const auto found =
          std::find_if(waiters_.begin(), waiters_.end(), [id](const Waiter& w) { return w.id == id; });
      if (found == waiters_.end()) return;
      const Waiter w = std::move(*found);
      waiters_.erase(found);
      w.reply(refused("stale", "the read model is at position " + std::to_string(kept_) + ", not yet at " +
                                   std::to_string(w.at_least)));
    });
    waiters_.push_back({id, *at_least, body, timer, std::move(reply)});
  }

  void query(const Value& body, Reply reply) {
    const auto prefix = optional_text(body, "prefix");
    if (!prefix) return reply(prefix.error());
    const auto contains = optional_text(body, "contains");
    if (!contains) return reply(contains.error());
    const auto max = optional_count(body, "max", 1000);
    if (!max) return reply(max.error());
    Value::List list;
    for (auto row = shown_.rows.lower_bound(*prefix); row != shown_.rows.end() && list.size() < *max; ++row) {
      if (!row->first.starts_with(*prefix)) break;
      if (!contains->empty() && row->second.json().find(*contains) == std::string::npos) continue;
      list.push_back(Value::map({{"key", row->first}, {"value", row->second}}));
    }
    reply(Value::list(std::move(list)));
  }

  void status(const Value&, Reply reply) { reply(state()); }
  void skipped(const Value&, Reply reply) { reply(Value::list(skipped_)); }

  void rebuild(const Value&, Reply reply) {
    next_ = Model{};
    stopped_ = false;
    reply(Value(true));
    poll();
  }

  void stop(const Value&, Reply reply) {
    stopped_ = true;
    ++turn_;
    reply(Value(true));
  }

  void resume(const Value&, Reply reply) {
    if (stopped_) {
      stopped_ = false;
      poll();
    }
    reply(Value(true));
  }

  Value state() const override {
    Value shown = Value::map({{"position", number(kept_)},
                              {"checkpoint", number(shown_.position)},
                              {"head", number(head_)},
                              {"lag", number(lag())},
                              {"rows", number(shown_.rows.size())},
                              {"skipped", number(skipped_.size())},
                              {"stopped", stopped_},
                              {"rebuilding", next_.has_value()}});
    if (!failure_.empty()) shown = shown.with("failure", failure_);
    return journal_.broken() ? shown.with("broken", journal_.broken()->message) : shown;
  }

  const std::shared_ptr<const ProjectionOptions> options_;
  Env* env_ = nullptr;
  Model shown_;
  std::optional<Model> next_;  // of a rebuild
  Rows staged_;                // of the batch under way; false: deleted
  std::vector<History::OpId> begun_;
  Value::List put_aside_;
  Value::List skipped_;
  std::uint64_t kept_ = 0;              // what is shown has the events up to this position
  std::uint64_t since_checkpoint_ = 0;  // events
  std::uint64_t begun_count_ = 0;       // events of the batch under way
  bool writing_ = false;
  std::uint64_t head_ = 0;  // the store's newest, as of the last read
  std::uint64_t turn_ = 0;
  bool stopped_ = false;
  std::string failure_;  // why the projection stands
  std::list<Waiter> waiters_;
  std::uint64_t last_waiter_ = 0;
  Journal journal_{"projection",
                   {.reset = [this](const Value& s) { reset(s); },
                    .replay = [this](const Value& r) { replay(r); },
                    .snapshot = [this] { return snapshot(); }}};
};

}  // namespace

Filter make_projection(ProjectionOptions options) {
  const auto shared = std::make_shared<const ProjectionOptions>(std::move(options));
  return [shared](ServicePtr inner) { return std::make_shared<Projection>(shared, std::move(inner)); };
}

}  // namespace syslab

#include "core/event/store.hpp"

#include <algorithm>
#include <deque>
#include <list>
#include <map>

#include "core/event/fields.hpp"
#include "core/event/journal.hpp"

namespace syslab {
namespace {

using namespace fields;

// Takes the value out of an Expected, or answers with its error and leaves the handler.
#define SYSLAB_TAKE(variable, expression)                  \
  auto variable##_or = (expression);                       \
  if (!variable##_or) return reply(variable##_or.error()); \
  auto& variable = *variable##_or

class Store final : public FilterService {
 public:
  Store(std::shared_ptr<const StoreOptions> options, ServicePtr inner)
      : FilterService("event store", std::move(inner)), options_(std::move(options)) {}

  void on_start(Env& env) override {
    env_ = &env;
    journal_.start(env);
    for (auto& [name, s] : subscriptions_) pump(s);
    inner_->on_start(env);
  }

  void call(Env& env, Request request, Reply reply) override {
    const auto action = actions().find(request.type);
    if (action == actions().end()) {
      inner_->call(env, std::move(request), std::move(reply));
      return;
    }
    const Value body = request.body;
    inner_->call(env, std::move(request),
                 [this, act = action->second, body, reply = std::move(reply)](Result result) mutable {
                   if (!result.ok()) return reply(std::move(result));
                   if (journal_.broken()) return reply(*journal_.broken());
                   (this->*act)(body, std::move(reply));
                 });
  }

 private:
  using Action = void (Store::*)(const Value& body, Reply reply);

  struct Waiter {
    std::uint64_t id;
    std::uint64_t from;
    std::size_t max;
    std::string category;
    TimerId timer;
    Reply reply;
  };

  struct Subscription {
    std::string name;
    std::string to;
    std::string category;
    std::uint64_t next = 1;
    std::vector<std::uint64_t> parked;  // positions
    bool kept = false;                  // has a name of its own
    Duration timeout{};
    Duration wait{};
    std::uint64_t retries = 0;
    // Of this process only:
    std::deque<std::uint64_t> again;  // parked ones that are tried once more
    std::uint64_t attempts = 0;       // of the event that is under way
    std::uint64_t delivered = 0;
    bool under_way = false;
    std::uint64_t turn = 0;  // a new one makes answers to the old one late
  };

  static const std::map<std::string, Action, std::less<>>& actions() {
    static const std::map<std::string, Action, std::less<>> actions = {
        {"append", &Store::append},
        {"read", &Store::read},
        {"read_all", &Store::read_all},
        {"remove", &Store::remove},
        {"streams", &Store::streams},
        {"state", &Store::state_of},
        {"diff", &Store::diff},
        {"undo", &Store::undo},
        {"revert", &Store::revert},
        {"snapshot", &Store::snapshot},
        {"load", &Store::load},
        {"subscribe", &Store::subscribe},
        {"unsubscribe", &Store::unsubscribe},
        {"parked", &Store::parked},
        {"replay_parked", &Store::replay_parked},
    };
    return actions;
  }

  // ---- the state, as the journal keeps it

  void reset(const Value&) {
    log_ = EventLog(options_->append_bytes_max);
    durable_ = 0;
    // Those that live in memory go on; the others are read again.
    std::erase_if(subscriptions_, [](const auto& s) { return s.second.kept; });
  }

  void replay(const Value& record) {
    const std::string op = text_of(record["op"]), stream = text_of(record["stream"]);
    if (op == "append") {
      auto events = new_events(record["events"]);
      if (events)
        (void)log_.append(instant_of(record["at"]), stream, ExpectedVersion::exactly(log_.version(stream)),
                          std::move(*events));
    } else if (op == "remove") {
      (void)log_.remove(stream, ExpectedVersion::any());
    } else if (op == "snapshot") {
      (void)log_.put_snapshot(stream, number_of(record["version"]), record["state"]);
    } else if (op == "subscribe") {
      Subscription& s = subscriptions_[text_of(record["name"])];
      s = subscription_of(record);
    } else if (op == "acknowledge") {
      const auto s = subscriptions_.find(text_of(record["name"]));
      if (s == subscriptions_.end()) return;
      s->second.next = number_of(record["next"]);
      if (!record["parked"].is_nil()) s->second.parked.push_back(number_of(record["parked"]));
      if (!record["unparked"].is_nil()) std::erase(s->second.parked, number_of(record["unparked"]));
    } else if (op == "unsubscribe") {
      subscriptions_.erase(text_of(record["name"]));
    }
  }

  static Subscription subscription_of(const Value& record) {
    Subscription s;
    s.name = text_of(record["name"]);
    s.to = text_of(record["to"]);
    s.category = text_of(record["category"]);
    s.next = std::max<std::uint64_t>(1, number_of(record["from"]));
    s.timeout = from_seconds(record["timeout"].number());
    s.wait = from_seconds(record["wait"].number());
    s.retries = number_of(record["retries"]);
    s.kept = true;
    return s;
  }

  void committed() {
    durable_ = log_.size();
    // An answer may bring the next read, which then stands at the end of the list.
    for (std::size_t left = waiters_.size(); left > 0; --left) {
      Waiter w = std::move(waiters_.front());
      waiters_.pop_front();
      const EventLog::Page page = log_.read_all(w.from, w.max, w.category, durable_);
      if (page.events.empty()) {
        waiters_.push_back(std::move(w));
        continue;
      }
      env_->cancel(w.timer);
      w.reply(page_value(page));
    }
    for (auto& [name, s] : subscriptions_) pump(s);
  }

  // ---- appends

  static Value record_of(Instant at, const std::string& stream, const std::vector<NewEvent>& events) {
    Value::List list;
    for (const NewEvent& e : events) {
      Value::Map map = {{"type", e.type}};
      if (!e.data.is_nil()) map.emplace_back("data", e.data);
      if (!e.meta.is_nil()) map.emplace_back("meta", e.meta);
      if (!e.id.empty()) map.emplace_back("id", e.id);
      list.push_back(Value::map(std::move(map)));
    }
    return Value::map(
        {{"op", "append"}, {"stream", stream}, {"at", nanoseconds(at)}, {"events", Value::list(list)}});
  }

  // A journal command that appends what `make` says when its turn comes.
  void submit_append(std::string stream, ExpectedVersion expected,
                     std::function<Expected<std::vector<NewEvent>>()> make, Reply reply) {
    auto op = std::make_shared<std::optional<History::OpId>>();
    journal_.submit(
        [this, stream, expected, make = std::move(make), op]() -> Journal::Outcome {
          auto events = make();
          if (!events) return {{}, events.error()};
          const Instant now = std::max(env_->now(), log_.size() == 0 ? Instant() : log_.at(log_.size()).at);
          Value record = record_of(now, stream, *events);
          const auto done = log_.append(now, stream, expected, std::move(*events));
          if (!done) return {{}, done.error()};
          if (!done->duplicate) {
            *op = begin_publish(stream, done->position, record["events"].list().size());
            if (auto kept = due_snapshot(stream)) {
              record = Value::list({std::move(record), std::move(*kept)});
            }
          }
          return {done->duplicate ? Value() : record, Value::map({{"version", number(done->version)},
                                                                  {"position", number(done->position)},
                                                                  {"duplicate", done->duplicate}})};
        },
        [this, op, reply = std::move(reply)](Result result) {
          if (*op) options_->history->complete(**op, result, recorded_at(*options_->history, env_->now()));
          reply(std::move(result));
        });
  }

  std::optional<History::OpId> begin_publish(const std::string& stream, std::uint64_t last,
                                             std::size_t count) {
    if (options_->history == nullptr) return std::nullopt;
    Value::List ids;
    for (std::uint64_t p = last - count + 1; p <= last; ++p) ids.push_back(log_.describe(log_.at(p))["id"]);
    const auto process = static_cast<std::int64_t>(options_->history->ops().size());
    return options_->history->invoke(process, "publish", Value(stream),
                                     Value::map({{"ids", Value::list(std::move(ids))}}),
                                     recorded_at(*options_->history, env_->now()));
  }

  std::optional<Value> due_snapshot(const std::string& stream) {
    if (options_->snapshot_every == 0 || !options_->reducer) return std::nullopt;
    const std::uint64_t version = log_.version(stream);
    if (version - log_.snapshot(stream).version < options_->snapshot_every) return std::nullopt;
    const auto folded = log_.state(stream, version, options_->reducer);
    if (!folded) return std::nullopt;
    return keep_snapshot(stream, version, folded->state);
  }

  Value keep_snapshot(const std::string& stream, std::uint64_t version, const Value& state) {
    (void)log_.put_snapshot(stream, version, state);
    return Value::map(
        {{"op", "snapshot"}, {"stream", stream}, {"version", number(version)}, {"state", state}});
  }

  void append(const Value& body, Reply reply) {
    SYSLAB_TAKE(stream, required_text(body, "stream"));
    SYSLAB_TAKE(events, new_events(body["events"]));
    SYSLAB_TAKE(expected, ExpectedVersion::parse(body["expected"]));
    submit_append(
        stream, expected, [events] { return Expected<std::vector<NewEvent>>(events); }, std::move(reply));
  }

  void remove(const Value& body, Reply reply) {
    SYSLAB_TAKE(stream, required_text(body, "stream"));
    SYSLAB_TAKE(expected, ExpectedVersion::parse(body["expected"]));
    journal_.submit(
        [this, stream, expected]() -> Journal::Outcome {
          const auto done = log_.remove(stream, expected);
          if (!done) return {{}, done.error()};
          return {Value::map({{"op", "remove"}, {"stream", stream}}), Value(true)};
        },
        std::move(reply));
  }

  // ---- reads

  void read(const Value& body, Reply reply) {
    SYSLAB_TAKE(stream, required_text(body, "stream"));
    SYSLAB_TAKE(from, optional_count(body, "from", 0));
    SYSLAB_TAKE(max, optional_count(body, "max", options_->read_max));
    SYSLAB_TAKE(events, log_.read(stream, from, std::min<std::size_t>(max, options_->read_max),
                                  body["backwards"].truthy()));
    Value::List list;
    for (const StoredEvent* e : events) {
      if (e->position <= durable_) list.push_back(log_.describe(*e));
    }
    reply(Value::list(std::move(list)));
  }

  Value page_value(const EventLog::Page& page) const {
    Value::List list;
    for (const StoredEvent* e : page.events) list.push_back(log_.describe(*e));
    return Value::map(
        {{"events", Value::list(std::move(list))}, {"next", number(page.next)}, {"head", number(durable_)}});
  }

  void read_all(const Value& body, Reply reply) {
    SYSLAB_TAKE(from, optional_count(body, "from", 1));
    SYSLAB_TAKE(max, optional_count(body, "max", options_->read_max));
    SYSLAB_TAKE(category, optional_text(body, "category"));
    SYSLAB_TAKE(wait, optional_duration(body, "wait", Duration::zero()));
    max = std::clamp<std::size_t>(max, 1, options_->read_max);
    const EventLog::Page page = log_.read_all(from, max, category, durable_);
    if (!page.events.empty() || wait <= Duration::zero()) return reply(page_value(page));
    const std::uint64_t id = ++last_waiter_;
    const TimerId timer = env_->after(wait, [this, id] {
      const auto found =
          std::find_if(waiters_.begin(), waiters_.end(), [id](const Waiter& w) { return w.id == id; });
      if (found == waiters_.end()) return;
      const Waiter w = std::move(*found);
      waiters_.erase(found);
      w.reply(page_value(log_.read_all(w.from, w.max, w.category, durable_)));
    });
    waiters_.push_back({id, page.next, max, category, timer, std::move(reply)});
  }

  void streams(const Value&, Reply reply) {
    Value::List names;
    for (const std::string& name : log_.streams()) names.emplace_back(name);
    reply(Value::list(std::move(names)));
  }

  // ---- folds

  Expected<const Reducer*> reducer() const {
    if (options_->reducer) return &options_->reducer;
    return refused("InvalidArgument", "this store was given no `apply`, so it cannot fold");
  }

  Expected<std::optional<std::uint64_t>> version_of(const Value& body) const {
    if (body["version"].is_nil()) return std::optional<std::uint64_t>();
    const auto version = optional_count(body, "version", 0);
    if (!version) return version.error();
    return std::optional(*version);
  }

  // How many events of the stream may be shown.
  Expected<std::uint64_t> durable_version(const std::string& stream) const {
    const auto newest = log_.read(stream, 0, SIZE_MAX, true);
    if (!newest) return newest.error();
    for (const StoredEvent* e : *newest) {
      if (e->position <= durable_) return e->version;
    }
    return refused("StreamNotFound", "Event stream '" + stream + "' is not found.");
  }

  void state_of(const Value& body, Reply reply) {
    SYSLAB_TAKE(apply, reducer());
    SYSLAB_TAKE(stream, required_text(body, "stream"));
    SYSLAB_TAKE(version, version_of(body));
    SYSLAB_TAKE(newest, durable_version(stream));
    if (!version) version = newest;
    SYSLAB_TAKE(folded, log_.state(stream, version, *apply, !body["replay"].truthy()));
    reply(Value::map(
        {{"state", folded.state}, {"version", number(folded.version)}, {"applied", number(folded.applied)}}));
  }

  void diff(const Value& body, Reply reply) {
    SYSLAB_TAKE(apply, reducer());
    SYSLAB_TAKE(stream, required_text(body, "stream"));
    SYSLAB_TAKE(from, optional_count(body, "from", 0));
    SYSLAB_TAKE(newest, durable_version(stream));
    SYSLAB_TAKE(to, optional_count(body, "to", newest));
    SYSLAB_TAKE(changes, log_.diff(stream, from, to, *apply));
    reply(changes);
  }

  void take_back(const Value& body, bool all_since, Reply reply) {
    SYSLAB_TAKE(apply, reducer());
    SYSLAB_TAKE(stream, required_text(body, "stream"));
    SYSLAB_TAKE(version, optional_count(body, "version", 0));
    submit_append(
        stream, ExpectedVersion::any(),
        [this, stream, version, all_since, apply]() -> Expected<std::vector<NewEvent>> {
          auto event = all_since ? log_.revert(stream, version, *apply) : log_.undo(stream, version, *apply);
          if (!event) return event.error();
          return std::vector{std::move(*event)};
        },
        std::move(reply));
  }
  void undo(const Value& body, Reply reply) { take_back(body, false, std::move(reply)); }
  void revert(const Value& body, Reply reply) { take_back(body, true, std::move(reply)); }

  void snapshot(const Value& body, Reply reply) {
    SYSLAB_TAKE(stream, required_text(body, "stream"));
    SYSLAB_TAKE(wanted, version_of(body));
    const Value given = body["state"];
    journal_.submit(
        [this, stream, wanted, given]() -> Journal::Outcome {
          const std::uint64_t version = wanted.value_or(log_.version(stream));
          Value state = given;
          if (state.is_nil()) {
            const auto apply = reducer();
            if (!apply) return {{}, apply.error()};
            const auto folded = log_.state(stream, version, **apply);
            if (!folded) return {{}, folded.error()};
            state = folded->state;
          }
          if (const auto kept = log_.put_snapshot(stream, version, state); !kept) return {{}, kept.error()};
          return {keep_snapshot(stream, version, state), Value::map({{"version", number(version)}})};
        },
        std::move(reply));
  }

  void load(const Value& body, Reply reply) {
    SYSLAB_TAKE(stream, required_text(body, "stream"));
    SYSLAB_TAKE(at_most, optional_count(body, "at_most", UINT64_MAX));
    const EventLog::Snapshot s = log_.snapshot(stream, at_most);
    reply(Value::map({{"version", number(s.version)}, {"state", s.state}}));
  }

  // ---- subscriptions

  void subscribe(const Value& body, Reply reply) {
    SYSLAB_TAKE(to, required_text(body, "to"));
    SYSLAB_TAKE(name, optional_text(body, "name"));
    SYSLAB_TAKE(from, optional_count(body, "from", 1));
    SYSLAB_TAKE(category, optional_text(body, "category"));
    SYSLAB_TAKE(timeout, optional_duration(body, "timeout", std::chrono::seconds(30)));
    SYSLAB_TAKE(wait, optional_duration(body, "wait", std::chrono::seconds(1)));
    SYSLAB_TAKE(retries, optional_count(body, "retries", 10));
    if (const auto node = env_->find(to); !node) return reply(node.error());
    const Value record = Value::map({{"op", "subscribe"},
                                     {"name", name},
                                     {"to", to},
                                     {"from", number(from)},
                                     {"category", category},
                                     {"timeout", to_seconds(timeout)},
                                     {"wait", to_seconds(wait)},
                                     {"retries", number(retries)}});
    if (name.empty()) {
      const std::string given = "#" + std::to_string(++last_subscription_);
      Subscription& s = subscriptions_[given] = subscription_of(record);
      s.name = given;
      s.kept = false;
      reply(Value::map({{"next", number(s.next)}, {"name", given}}));
      return pump(s);
    }
    journal_.submit(
        [this, name, record]() -> Journal::Outcome {
          const auto known = subscriptions_.find(name);
          const Value next =
              number(known == subscriptions_.end() ? std::max<std::uint64_t>(1, number_of(record["from"]))
                                                   : known->second.next);
          const Value answer = Value::map({{"next", next}, {"name", name}});
          if (known != subscriptions_.end()) {
            known->second.to = text_of(record["to"]);
            return {{}, answer};
          }
          subscriptions_[name] = subscription_of(record);
          return {record, answer};
        },
        [this, name, reply = std::move(reply)](Result result) {
          reply(std::move(result));
          if (const auto s = subscriptions_.find(name); s != subscriptions_.end()) pump(s->second);
        });
  }

  Expected<Subscription*> subscription(const Value& body) {
    const auto name = required_text(body, "name");
    if (!name) return name.error();
    const auto found = subscriptions_.find(*name);
    if (found == subscriptions_.end()) return make_error("not_found", "no subscription '" + *name + "'");
    return &found->second;
  }

  void unsubscribe(const Value& body, Reply reply) {
    SYSLAB_TAKE(s, subscription(body));
    const bool kept = s->kept;
    const std::string name = s->name;
    subscriptions_.erase(name);
    if (!kept) return reply(Value(true));
    journal_.submit(
        [name]() -> Journal::Outcome {
          return {Value::map({{"op", "unsubscribe"}, {"name", name}}), Value(true)};
        },
        std::move(reply));
  }

  void parked(const Value& body, Reply reply) {
    SYSLAB_TAKE(s, subscription(body));
    Value::List list;
    for (const std::uint64_t position : s->parked) list.push_back(log_.describe(log_.at(position)));
    reply(Value::list(std::move(list)));
  }

  void replay_parked(const Value& body, Reply reply) {
    SYSLAB_TAKE(s, subscription(body));
    for (const std::uint64_t position : s->parked) {
      if (std::find(s->again.begin(), s->again.end(), position) == s->again.end())
        s->again.push_back(position);
    }
    reply(number(s->parked.size()));
    pump(*s);
  }

  // Sends the next event, unless one is under way.
  void pump(Subscription& s) {
    if (s.under_way) return;
    std::uint64_t position = 0;
    if (!s.again.empty()) {
      position = s.again.front();
    } else {
      const EventLog::Page page = log_.read_all(s.next, 1, s.category, durable_);
      if (page.events.empty()) {
        s.next = page.next;
        return;
      }
      position = page.events.front()->position;
    }
    const auto node = env_->find(s.to);
    if (!node) return;
    s.under_way = true;
    ++s.attempts;
    const std::uint64_t turn = s.turn = ++last_turn_;
    const Value body = Value::map({{"event", log_.describe(log_.at(position))},
                                   {"subscription", s.name},
                                   {"attempt", number(s.attempts)}});
    env_->call(*node, {.type = "event", .body = body}, s.timeout,
               [this, name = s.name, turn, position](const Result& result) {
                 const auto found = subscriptions_.find(name);
                 if (found == subscriptions_.end() || found->second.turn != turn) return;
                 answered(found->second, position, result);
               });
  }

  void answered(Subscription& s, std::uint64_t position, const Result& result) {
    const bool down = !result.ok() && result.error().code == "connection_refused";
    if (down) --s.attempts;
    if (!result.ok() && s.attempts <= s.retries) {
      env_->after(s.wait, [this, name = s.name, turn = s.turn] {
        const auto found = subscriptions_.find(name);
        if (found == subscriptions_.end() || found->second.turn != turn) return;
        found->second.under_way = false;
        pump(found->second);
      });
      return;
    }
    const bool was_parked = !s.again.empty() && s.again.front() == position;
    Value record = Value::map({{"op", "acknowledge"}, {"name", s.name}});
    if (was_parked) {
      s.again.pop_front();
      if (result.ok()) {
        std::erase(s.parked, position);
        record = record.with("unparked", number(position));
      }
    } else {
      s.next = position + 1;
      if (!result.ok()) {
        s.parked.push_back(position);
        record = record.with("parked", number(position));
        env_->log("parked", log_.describe(log_.at(position)));
      }
    }
    s.delivered += result.ok();
    s.attempts = 0;
    s.under_way = false;
    if (s.kept) {
      record = record.with("next", number(s.next));
      journal_.submit([record]() -> Journal::Outcome { return {record, Value(true)}; }, [](const Result&) {});
    }
    pump(s);
  }

#undef SYSLAB_TAKE

  Value state() const override {
    Value::Map subscriptions;
    for (const auto& [name, s] : subscriptions_) {
      subscriptions.emplace_back(
          name, Value::map({{"to", s.to},
                            {"next", number(s.next)},
                            {"behind", number(durable_ + 1 - std::min(s.next, durable_ + 1))},
                            {"delivered", number(s.delivered)},
                            {"attempts", number(s.attempts)},
                            {"parked", number(s.parked.size())}}));
    }
    Value shown = Value::map({{"events", number(durable_)},
                              {"streams", number(log_.streams().size())},
                              {"waiting", number(waiters_.size())},
                              {"subscriptions", Value::map(std::move(subscriptions))}});
    return journal_.broken() ? shown.with("broken", journal_.broken()->message) : shown;
  }

  const std::shared_ptr<const StoreOptions> options_;
  Env* env_ = nullptr;
  EventLog log_;
  std::uint64_t durable_ = 0;  // up to this position events are shown
  std::map<std::string, Subscription> subscriptions_;
  std::list<Waiter> waiters_;
  std::uint64_t last_waiter_ = 0;
  std::uint64_t last_subscription_ = 0;
  std::uint64_t last_turn_ = 0;
  Journal journal_{"events",
                   {.reset = [this](const Value& s) { reset(s); },
                    .replay = [this](const Value& r) { replay_record(r); },
                    .committed = [this] { committed(); }}};

  // An append and the snapshot that it made due are one record.
  void replay_record(const Value& record) {
    if (!record.is_list()) return replay(record);
    for (const Value& part : record.list()) replay(part);
  }
};

}  // namespace

Expected<std::vector<NewEvent>> new_events(const Value& list) {
  if (!list.is_list() || list.list().empty()) {
    return refused("InvalidArgument",
                   "events are a list such as { { type = 'Paid', data = { amount = 5 } } }");
  }
  std::vector<NewEvent> events;
  for (const Value& given : list.list()) {
    auto type = required_text(given, "type");
    if (!type) return refused("InvalidArgument", "an event has a text as its type");
    auto id = optional_text(given, "id");
    if (!id) return id.error();
    events.push_back({std::move(*type), given["data"], given["meta"], std::move(*id)});
  }
  return events;
}

Filter make_event_store(StoreOptions options) {
  const auto shared = std::make_shared<const StoreOptions>(std::move(options));
  return [shared](ServicePtr inner) { return std::make_shared<Store>(shared, std::move(inner)); };
}

}  // namespace syslab

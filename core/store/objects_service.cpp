#include "core/store/objects_service.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace syslab {
namespace {

class ObjectService final : public FilterService {
 public:
  ObjectService(std::shared_ptr<const ObjectServiceOptions> options, ServicePtr inner)
      : FilterService("objects", std::move(inner)), options_(std::move(options)) {}

  void on_start(Env& env) override {
    ObjectStoreOptions o = options_->store;
    o.seed = env.rng().split("objects").next();
    store_ = std::make_unique<ObjectStore>(std::move(o));
    for (const auto& step : options_->setup) (void)store_->apply(step.operation, step.arguments);
    const Result log = env.disk().peek(kLog);
    for (const Value& record : log.ok() && log->is_list() ? log->list() : Value::List{}) {
      if (!record["t"].is_number() || !record["op"].is_string())
        break;  // half a record was never acknowledged
      carry_out(Instant(Duration(static_cast<std::int64_t>(record["t"].number()))), record["op"],
                record["a"]);
    }
    const Result told = env.disk().peek(kTold);
    told_ = told.ok() && told->is_number() ? static_cast<std::uint64_t>(told->number()) : 0;
    tell(env);
    wait(env);
    inner_->on_start(env);
  }

  void call(Env& env, Request request, Reply reply) override {
    std::string operation = request.type;
    const auto alias = aliases().find(operation);
    if (alias != aliases().end()) operation = alias->second;
    const auto kind = ObjectStore::kind_of(operation);
    if (!kind) return inner_->call(env, std::move(request), std::move(reply));
    Value a = request.body;
    if (!a.is_map()) a = Value::map({});
    if (a["bucket"].is_nil() && !options_->bucket.empty() && operation != "list_buckets") {
      a = a.with("bucket", options_->bucket);
    }
    if (alias != aliases().end() && a["body"].is_nil() && a["size"].is_nil()) {
      if (const Value& value = a["value"].is_nil() ? a["payload"] : a["value"]; !value.is_nil())
        a = a.with("body", value);
    }
    inner_->call(env, std::move(request),
                 [this, &env, operation, kind = *kind, a, reply = std::move(reply)](Result result) mutable {
                   if (!result.ok()) return reply(std::move(result));
                   act(env, operation, kind, a, std::move(reply));
                 });
  }

 private:
  static constexpr const char* kLog = "objects/log";
  static constexpr const char* kTold = "objects/told";

  static const std::map<std::string, std::string>& aliases() {
    static const std::map<std::string, std::string> aliases = {
        {"get", "get_object"},       {"read", "get_object"},  {"head", "head_object"},
        {"put", "put_object"},       {"set", "put_object"},   {"write", "put_object"},
        {"delete", "delete_object"}, {"list", "list_objects"}};
    return aliases;
  }

  void act(Env& env, const std::string& operation, ObjectStore::Kind kind, const Value& a, Reply reply) {
    const auto admitted = store_->admit(env.now(), operation, a);
    if (!admitted) {
      ++slowed_;
      return reply(admitted.error());
    }
    if (kind == ObjectStore::Kind::read && !store_->touches(operation, a)) {
      ++reads_;
      return answer(env, a, store_->read_at(env.now(), operation, a), std::move(reply));
    }
    ++(kind == ObjectStore::Kind::read ? reads_ : writes_);
    log(env, operation, a, std::move(reply));
  }

  // The bytes of a request take their time on the wire.
  void answer(Env& env, const Value& a, Result result, Reply reply) {
    double bytes = 0;
    if (result.ok()) {
      const Value& length = (*result)["length"];
      bytes = length.is_number()      ? length.number()
              : a["size"].is_number() ? a["size"].number()
              : a["body"].is_string() ? static_cast<double>(a["body"].string().size())
                                      : 0;
    }
    if (options_->bandwidth <= 0 || bytes <= 0) return reply(std::move(result));
    env.after(from_seconds(bytes / options_->bandwidth),
              [reply = std::move(reply), result = std::move(result)] { reply(result); });
  }

  // Carries an operation out when it is on the disk. Records are synced in the order in which they were
  // appended.
  void log(Env& env, const std::string& operation, const Value& a, Reply reply) {
    const Instant now = env.now();
    const auto failed = std::make_shared<Result>(Value());
    env.disk().append(
        kLog,
        Value::map({{"t", static_cast<double>(now.time_since_epoch().count())}, {"op", operation}, {"a", a}}),
        [failed](const Result& result) { *failed = result; });
    env.disk().sync(
        [this, &env, now, operation, a, failed, reply = std::move(reply)](const Result& synced) mutable {
          if (!failed->ok()) return reply ? reply(*failed) : wait(env);
          if (!synced.ok()) return reply ? reply(synced) : wait(env);
          Result result = carry_out(now, Value(operation), a);
          tell(env);
          wait(env);
          if (reply) answer(env, a, std::move(result), std::move(reply));
        });
  }

  Result carry_out(Instant at, const Value& operation, const Value& a) {
    store_->advance(at);
    return operation == Value("advance") ? Result(Value()) : store_->apply(operation.string(), a);
  }

  // What the store does by itself, at its time.
  void wait(Env& env) {
    if (timer_) env.cancel(timer_);
    timer_ = {};
    const Instant next = store_->next_change();
    if (next == Instant::max()) return;
    timer_ = env.after(std::max(Duration::zero(), next - env.now()), [this, &env] {
      timer_ = {};
      log(env, "advance", {}, nullptr);
    });
  }

  void tell(Env& env) {
    for (ObjectEvent& event : store_->take_events()) {
      last_event_ = event.number;
      if (event.number <= told_ || event.to.empty()) continue;
      telling_.insert(event.number);
      deliver(env, std::make_shared<const ObjectEvent>(std::move(event)), options_->event_wait);
    }
  }

  void deliver(Env& env, const std::shared_ptr<const ObjectEvent>& event, Duration wait) {
    const auto again = [this, &env, event, wait] {
      ++retries_;
      env.after(wait, [this, &env, event, wait] {
        deliver(env, event, std::min<Duration>(2 * wait, std::chrono::minutes(1)));
      });
    };
    const auto to = env.find(event->to);
    if (!to) return again();
    Request request{.type = "object_event", .body = event->body};
    if (!event->queue.empty()) {
      request = {.type = "send", .body = Value::map({{"queue", event->queue}, {"body", event->body}})};
    }
    env.call(*to, std::move(request), options_->event_timeout,
             [this, &env, event, again](const Result& result) {
               if (!result.ok()) return again();
               ++events_;
               telling_.erase(event->number);
               told_ = telling_.empty() ? last_event_ : *telling_.begin() - 1;
               env.disk().write(kTold, static_cast<double>(told_), [](const Result&) {});
             });
  }

  Value state() const override {
    const auto n = [](auto count) { return Value(static_cast<double>(count)); };
    return (store_ == nullptr ? Value::map({}) : store_->counts())
        .with("reads", n(reads_))
        .with("writes", n(writes_))
        .with("slowed", n(slowed_))
        .with("events", n(events_))
        .with("event_retries", n(retries_));
  }

  const std::shared_ptr<const ObjectServiceOptions> options_;
  std::unique_ptr<ObjectStore> store_;
  TimerId timer_;
  std::set<std::uint64_t> telling_;  // events on their way
  std::uint64_t told_ = 0;           // all up to this one arrived
  std::uint64_t last_event_ = 0;
  std::uint64_t reads_ = 0, writes_ = 0, slowed_ = 0, events_ = 0, retries_ = 0;
};

}  // namespace

Filter make_object_service(ObjectServiceOptions options) {
  const auto shared = std::make_shared<const ObjectServiceOptions>(std::move(options));
  return [shared](ServicePtr inner) { return std::make_shared<ObjectService>(shared, std::move(inner)); };
}

}  // namespace syslab

#include "core/queue/broker.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <utility>

#include "core/queue/recorder.hpp"

namespace syslab {
namespace {

Error refused(std::string_view code, std::string message) {
  return Error{std::string(code), std::move(message), true};
}

Value number(double n) {
  return Value(n);
}

std::string text_of(const Value& value) {
  return value.is_string() ? std::string(value.string()) : std::string();
}

// A number of the request, or what stands for it; an error names it.
Expected<double> number_of(const Value& body, const char* name, double otherwise) {
  const Value& given = body[name];
  if (given.is_nil()) return otherwise;
  if (!given.is_number() || given.number() != given.number()) {
    return refused("InvalidParameterValue", std::string(name) + " is no number");
  }
  return given.number();
}

Expected<std::size_t> count_of(const Value& body, const char* name, double otherwise) {
  const auto n = number_of(body, name, otherwise);
  if (!n) return n.error();
  if (*n < 0 || *n > 1e15 || *n != static_cast<double>(static_cast<std::uint64_t>(*n))) {
    return refused("InvalidParameterValue", std::string(name) + " is no whole number of at least 0");
  }
  return static_cast<std::size_t>(*n);
}

// Seconds; none where the request has none.
Expected<std::optional<Duration>> duration_of(const Value& body, const char* name) {
  if (body[name].is_nil()) return std::optional<Duration>();
  const auto n = number_of(body, name, 0);
  if (!n) return n.error();
  return std::optional(from_seconds(*n));
}

Expected<std::string> string_of(const Value& body, const char* name) {
  const Value& given = body[name];
  if (given.is_nil()) return std::string();
  if (!given.is_string()) return refused("InvalidParameterValue", std::string(name) + " is no text");
  return std::string(given.string());
}

// Takes the value out of an Expected, or answers with its error and leaves the handler.
#define SYSLAB_TAKE(variable, expression)                  \
  auto variable##_or = (expression);                       \
  if (!variable##_or) return reply(variable##_or.error()); \
  auto& variable = *variable##_or

Expected<Outgoing> outgoing_of(const Value& body) {
  Outgoing out;
  out.body = body["body"];
  out.attributes = body["attributes"];
  auto group = string_of(body, "group");
  if (!group) return group.error();
  auto dedup = string_of(body, "dedup");
  if (!dedup) return dedup.error();
  const auto delay = duration_of(body, "delay");
  if (!delay) return delay.error();
  const auto priority = count_of(body, "priority", 0);
  if (!priority) return priority.error();
  out.group = std::move(*group);
  out.dedup = std::move(*dedup);
  out.delay = *delay;
  out.priority = static_cast<std::uint32_t>(std::min<std::size_t>(*priority, UINT32_MAX));
  return out;
}

Result value_of(const Expected<bool>& done) {
  if (!done) return done.error();
  return Value(*done);
}

class Broker final : public FilterService {
 public:
  Broker(std::shared_ptr<const BrokerOptions> options, ServicePtr inner)
      : FilterService("broker", std::move(inner)),
        options_(std::move(options)),
        recorder_(options_->history) {}

  void on_start(Env& env) override {
    const std::uint64_t first = options_->durable ? 1 : first_number(env);
    for (const BrokerOptions::Queue& setup : options_->queues) {
      QueueOptions o = setup.options;
      o.name = setup.name;
      o.seed = env.rng().split("queue " + setup.name).next();
      Station& station = stations_[setup.name];
      station.name = setup.name;
      station.queue = std::make_shared<MessageQueue>(std::move(o));
      station.queue->restore_next(first);
      if (options_->durable) {
        station.keeper = std::make_unique<Keeper>(env, station);
        station.keeper->recover();
        station.queue->set_observer(station.keeper.get());
      }
    }
    for (const BrokerOptions::Queue& setup : options_->queues) {
      if (!setup.dead_letters.empty()) {
        stations_.at(setup.name).queue->set_dead_letters(stations_.at(setup.dead_letters).queue);
      }
    }
    for (const auto& setup : options_->exchanges) {
      ExchangeState& e =
          exchanges_.emplace(setup.name, ExchangeState{Exchange(setup.kind), setup.alternate}).first->second;
      for (const auto& b : setup.bindings) (void)e.exchange.bind(b.queue, b.key, b.arguments);
    }
    for (const auto& setup : options_->jobs) {
      JobQueueOptions o = setup.options;
      o.seed = env.rng().split("jobs " + setup.name).next();
      jobs_[setup.name].jobs = std::make_unique<JobQueue>(o);
    }
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
                 [this, &env, act = action->second, body, reply = std::move(reply)](Result result) mutable {
                   if (!result.ok()) return reply(std::move(result));
                   (this->*act)(env, body, std::move(reply));
                 });
  }

 private:
  using Action = void (Broker::*)(Env& env, const Value& body, Reply reply);

  // Where nothing survives but how often this node has started: each time has numbers of its own, so that a
  // receipt from before a crash does not name a message from after it.
  static std::uint64_t first_number(Env& env) {
    const Result starts = env.disk().peek("queue/starts");
    const double before = starts.ok() && starts->is_number() ? starts->number() : 0;
    env.disk().write("queue/starts", Value(before + 1), [](const Result&) {});
    env.disk().sync([](const Result&) {});
    return static_cast<std::uint64_t>(before) * 1'000'000'000 + 1;
  }

  struct Station;

  // Keeps a queue on the disk: queue/NAME/range names the numbers in use, queue/NAME/N is a message (or what
  // remains of one whose dedup id is still remembered).
  class Keeper final : public QueueObserver {
   public:
    Keeper(Env& env, Station& station) : env_(env), station_(station) {}

    void accepted(const KeptMessage& m) override {
      Value::Map map = {{"body", m.body},
                        {"attributes", m.attributes},
                        {"group", m.group},
                        {"origin", m.origin},
                        {"priority", number(m.priority)},
                        {"sent_at", number(static_cast<double>(m.sent_at.time_since_epoch().count()))},
                        {"ready_at", number(static_cast<double>(m.ready_at.time_since_epoch().count()))},
                        {"receives", number(m.receives)}};
      write(m.number, Value::map(std::move(map)));
      env_.disk().write(
          "queue/" + station_.name + "/range",
          Value::map(
              {{"first", number(static_cast<double>(std::min(station_.queue->oldest_number(), m.number)))},
               {"next", number(static_cast<double>(m.number + 1))}}),
          [](const Result&) {});
    }
    void received(std::uint64_t n, std::uint32_t receives) override {
      if (const auto file = files_.find(n); file != files_.end())
        write(n, file->second.with("receives", number(receives)));
    }
    void gone(std::uint64_t n) override {
      const auto file = files_.find(n);
      if (file == files_.end()) return;
      const Value& dedup = file->second["dedup"];
      const Value until = file->second["until"];
      write(n, dedup.is_nil() ? Value() : Value::map({{"dedup", dedup}, {"until", until}}));
    }
    void remembered(std::uint64_t n, const std::string& dedup, Instant until) override {
      // Told before the message itself.
      files_[n] = Value::map(
          {{"dedup", dedup}, {"until", number(static_cast<double>(until.time_since_epoch().count()))}});
    }
    void forgotten(std::uint64_t n) override {
      const auto file = files_.find(n);
      if (file == files_.end()) return;
      write(n, file->second["body"].is_nil() ? Value()
                                             : file->second.with("dedup", Value()).with("until", Value()));
    }

    void recover() {
      const Result range = env_.disk().peek("queue/" + station_.name + "/range");
      if (!range.ok() || !range->is_map()) return;
      const auto at = [](const Value& v) { return Instant(Duration(static_cast<std::int64_t>(v.number()))); };
      const auto next = static_cast<std::uint64_t>((*range)["next"].number());
      for (auto n = static_cast<std::uint64_t>((*range)["first"].number()); n < next; ++n) {
        const Result file = env_.disk().peek(name(n));
        if (!file.ok() || !file->is_map()) continue;
        files_[n] = *file;
        const Value& f = *file;
        if (!f["body"].is_nil()) {
          station_.queue->restore(env_.now(), {n, at(f["sent_at"]), at(f["ready_at"]),
                                               static_cast<std::uint32_t>(f["receives"].number()),
                                               static_cast<std::uint32_t>(f["priority"].number()), f["body"],
                                               f["attributes"], text_of(f["group"]), f["origin"]});
        }
        if (f["dedup"].is_string()) station_.queue->restore_dedup(n, text_of(f["dedup"]), at(f["until"]));
      }
      station_.queue->restore_next(next);
    }

   private:
    std::string name(std::uint64_t n) const { return "queue/" + station_.name + "/" + std::to_string(n); }
    void write(std::uint64_t n, Value content) {
      if (content.is_nil()) {
        files_.erase(n);
      } else if (const auto known = files_.find(n);
                 known != files_.end() && !known->second["dedup"].is_nil() && content["dedup"].is_nil() &&
                 !content["receives"].is_nil() && known->second["body"].is_nil()) {
        content = content.with("dedup", known->second["dedup"]).with("until", known->second["until"]);
      }
      if (!content.is_nil()) files_[n] = content;
      env_.disk().write(name(n), std::move(content), [](const Result&) {});
      dirty_ = true;
      flush();
    }
    // Makes what was written durable, one sync at a time.
    void flush() {
      if (syncing_ || !dirty_) return;
      syncing_ = true;
      dirty_ = false;
      env_.disk().sync([this](const Result&) {
        syncing_ = false;
        flush();
      });
    }

    Env& env_;
    Station& station_;
    bool syncing_ = false;
    bool dirty_ = false;
    std::map<std::uint64_t, Value> files_;  // as they stand on the disk, or are on their way to it
  };

  struct Waiter {
    std::uint64_t id;
    std::size_t max;
    std::optional<Duration> visibility;
    TimerId timer;
    Reply reply;
  };
  struct Consumer {
    NodeId node;
    std::size_t prefetch;
    std::size_t outstanding;
    std::optional<Duration> timeout;
  };
  struct Station {
    std::string name;
    std::shared_ptr<MessageQueue> queue;
    std::unique_ptr<Keeper> keeper;
    std::list<Waiter> waiters;
    std::vector<Consumer> consumers;
    std::size_t turn = 0;
    std::map<std::string, Instant, std::less<>> full_at;  // of the bucket of each kind of request
    Value counts;                                         // as they were last told
    Instant counted_at;
    TimerId wake;
    Instant wake_at;
  };
  struct ExchangeState {
    Exchange exchange;
    std::string alternate;
  };
  struct JobState {
    std::unique_ptr<JobQueue> jobs;
    std::list<Waiter> waiters;
    TimerId wake;
    Instant wake_at;
  };
  struct Pending {
    Reply reply;
    TimerId timer;
  };

  static const std::map<std::string, Action, std::less<>>& actions() {
    static const std::map<std::string, Action, std::less<>> actions = {
        {"send", &Broker::send},
        {"send_batch", &Broker::send_batch},
        {"receive", &Broker::receive},
        {"delete", &Broker::remove},
        {"delete_batch", &Broker::remove_batch},
        {"change_visibility", &Broker::change_visibility},
        {"attributes", &Broker::attributes},
        {"purge", &Broker::purge},
        {"redrive", &Broker::redrive},
        {"publish", &Broker::publish},
        {"bind", &Broker::bind},
        {"unbind", &Broker::unbind},
        {"consume", &Broker::consume},
        {"request", &Broker::request},
        {"reply", &Broker::reply_to},
        {"put", &Broker::put},
        {"take", &Broker::take},
        {"ack", &Broker::ack},
        {"release", &Broker::release},
        {"bury", &Broker::bury},
        {"touch", &Broker::touch},
        {"fail", &Broker::fail},
        {"kick", &Broker::kick},
        {"repeat", &Broker::repeat},
        {"cancel", &Broker::cancel},
    };
    return actions;
  }

  // The queue that a request names, if its principal may do `action` there.
  Expected<Station*> station_of(Env& env, const Value& body, std::string_view action,
                                const char* field = "queue") {
    const Value& name = body[field];
    if (!name.is_string())
      return refused("MissingParameter", std::string("the request must name a ") + field);
    const auto found = stations_.find(name.string());
    if (found == stations_.end()) {
      return refused("QueueDoesNotExist", "the queue '" + std::string(name.string()) + "' does not exist");
    }
    const AccessPolicy& access = found->second.queue->options().access;
    const std::string principal = text_of(body["as"]);
    if (!access.permits(principal, action)) {
      return refused("AccessDenied", "'" + principal + "' may not " + std::string(action) + " on '" +
                                         found->second.name + "'");
    }
    if (!within_rate(found->second, action, env.now())) {
      return refused("RequestThrottled", "'" + found->second.name + "' takes " +
                                             Value(found->second.queue->options().requests_max).json() +
                                             " requests of a kind a second");
    }
    return &found->second;
  }

  // A bucket of a second's worth of requests, as the time at which it will be full (a GCRA).
  static bool within_rate(Station& s, std::string_view action, Instant now) {
    const double rate = s.queue->options().requests_max;
    if (rate <= 0) return true;
    auto bucket = s.full_at.find(action);
    if (bucket == s.full_at.end()) bucket = s.full_at.emplace(action, now).first;
    const Instant full = std::max(bucket->second, now) + from_seconds(1 / rate);
    if (full > saturating_add(now, std::max(Duration(std::chrono::seconds(1)), from_seconds(1 / rate))))
      return false;
    bucket->second = full;
    return true;
  }

  // ---- queues

  // Answers when the queue's writes are durable.
  void when_kept(Env& env, Result result, Reply reply) {
    if (!options_->durable || !result.ok()) return reply(std::move(result));
    env.disk().sync([result = std::move(result), reply = std::move(reply)](const Result& synced) {
      reply(synced.ok() ? result : synced);
    });
  }

  Result accept(Env& env, Station& s, Outgoing message) {
    const Outgoing shown{message.body, {}, message.group, message.dedup, message.delay, 0};
    const auto sent = s.queue->send(env.now(), std::move(message));
    recorder_.send(env.now(), s.name, shown, sent, *s.queue);
    if (!sent) return sent.error();
    return Value::map({{"id", s.queue->id_text(sent->number)},
                       {"sequence", number(static_cast<double>(sent->number))},
                       {"duplicate", sent->duplicate}});
  }

  void send(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(station, station_of(env, body, "SendMessage"));
    SYSLAB_TAKE(message, outgoing_of(body));
    Result result = accept(env, *station, std::move(message));
    when_kept(env, std::move(result), std::move(reply));
    pump(env, *station);
  }

  // The entries of a batch; an error refuses all of them.
  Expected<const Value::List*> entries_of(const Value& body, const Station& s) {
    const Value& entries = body["entries"];
    if (!entries.is_list() || entries.list().empty()) {
      return refused("EmptyBatchRequest", "the batch request does not contain any entries");
    }
    if (entries.list().size() > s.queue->options().batch_max) {
      return refused("TooManyEntriesInBatchRequest", "maximum number of entries per request are " +
                                                         std::to_string(s.queue->options().batch_max));
    }
    std::vector<std::string_view> ids;
    for (const Value& entry : entries.list()) {
      const Value& id = entry["id"];
      if (!id.is_string() || id.string().empty() || id.string().size() > 80) {
        return refused("InvalidBatchEntryId", "a batch entry id has 1 to 80 characters");
      }
      if (std::find(ids.begin(), ids.end(), id.string()) != ids.end()) {
        return refused("BatchEntryIdsNotDistinct", "id '" + std::string(id.string()) + "' repeated");
      }
      ids.push_back(id.string());
    }
    return &entries.list();
  }

  template <class Each>
  static Value batch(const Value::List& entries, Each&& each) {
    Value::List successful, failed;
    for (const Value& entry : entries) {
      const Result result = each(entry);
      if (result.ok()) {
        successful.push_back((result->is_map() ? result->with("message_id", (*result)["id"])
                                               : Value::map({{"deleted", *result}}))
                                 .with("id", entry["id"]));
      } else {
        failed.push_back(Value::map(
            {{"id", entry["id"]}, {"code", result.error().code}, {"message", result.error().message}}));
      }
    }
    return Value::map(
        {{"successful", Value::list(std::move(successful))}, {"failed", Value::list(std::move(failed))}});
  }

  void send_batch(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(station, station_of(env, body, "SendMessage"));
    SYSLAB_TAKE(entries, entries_of(body, *station));
    std::size_t bytes = 0;
    for (const Value& entry : *entries) bytes += message_bytes(entry["body"], entry["attributes"]);
    if (bytes > station->queue->options().message_bytes_max) {
      return reply(refused("BatchRequestTooLong",
                           "batch requests cannot be longer than " +
                               std::to_string(station->queue->options().message_bytes_max) + " bytes"));
    }
    Value answer = batch(*entries, [&](const Value& entry) -> Result {
      auto message = outgoing_of(entry);
      if (!message) return message.error();
      return accept(env, *station, std::move(*message));
    });
    when_kept(env, std::move(answer), std::move(reply));
    pump(env, *station);
  }

  void receive(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(station, station_of(env, body, "ReceiveMessage"));
    SYSLAB_TAKE(max, count_of(body, "max", 1));
    SYSLAB_TAKE(wait, duration_of(body, "wait"));
    SYSLAB_TAKE(visibility, duration_of(body, "visibility"));
    const QueueOptions& o = station->queue->options();
    const Duration patience = wait.value_or(o.wait);
    if (patience < Duration::zero() || patience > o.wait_max) {
      return reply(refused("InvalidParameterValue", "WaitTimeSeconds must be from 0 to " +
                                                        std::to_string(o.wait_max.count() / 1000000000)));
    }
    const std::uint64_t id = ++last_waiter_;
    station->waiters.push_back({id, max, visibility, {}, std::move(reply)});
    pump(env, *station);
    const auto mine = std::find_if(station->waiters.begin(), station->waiters.end(),
                                   [id](const Waiter& w) { return w.id == id; });
    if (mine == station->waiters.end()) return;
    if (patience == Duration::zero()) return give_up(env, *station, id);
    mine->timer = env.after(patience, [this, &env, station, id] { give_up(env, *station, id); });
  }

  void give_up(Env& env, Station& s, std::uint64_t id) {
    const auto found =
        std::find_if(s.waiters.begin(), s.waiters.end(), [id](const Waiter& w) { return w.id == id; });
    if (found == s.waiters.end()) return;
    const Waiter waiter = std::move(*found);
    s.waiters.erase(found);
    recorder_.receive(env.now(), s.name, waiter.visibility.value_or(s.queue->options().visibility), {},
                      *s.queue);
    waiter.reply(Value::list({}));
  }

  // Gives what is ready to those who wait, in their order, and to consumers in turn; then sees to it that
  // this happens again when the next message becomes ready by itself.
  void pump(Env& env, Station& s) {
    const std::uint64_t dead = s.queue->totals().dead;
    while (!s.waiters.empty()) {
      std::vector<Received> got;
      const Waiter& first = s.waiters.front();
      const auto n = s.queue->receive(env.now(), first.max, first.visibility, got);
      if (n && *n == 0) break;
      const Waiter waiter = std::move(s.waiters.front());
      s.waiters.pop_front();
      if (waiter.timer) env.cancel(waiter.timer);
      if (!n) {
        waiter.reply(n.error());
        continue;
      }
      recorder_.receive(env.now(), s.name, waiter.visibility.value_or(s.queue->options().visibility), got,
                        *s.queue);
      Value::List messages;
      for (const Received& m : got) messages.push_back(s.queue->describe(m));
      waiter.reply(Value::list(std::move(messages)));
    }
    if (s.waiters.empty()) push(env, s);
    if (s.queue->totals().dead != dead && s.queue->dead_letters() != nullptr) {
      const auto station = stations_.find(s.queue->dead_letters()->options().name);
      if (station != stations_.end() && &station->second != &s) pump(env, station->second);
    }
    arm(env, s);
  }

  void push(Env& env, Station& s) {
    for (std::size_t idle = 0; idle < s.consumers.size();) {
      const std::size_t index = s.turn++ % s.consumers.size();
      Consumer& consumer = s.consumers[index];
      std::vector<Received> got;
      const Duration visibility = s.queue->options().visibility;
      if (consumer.outstanding >= consumer.prefetch) {
        ++idle;
        continue;
      }
      const auto n = s.queue->receive(env.now(), 1, std::nullopt, got);
      if (!n || *n == 0) return;
      idle = 0;
      recorder_.receive(env.now(), s.name, visibility, got, *s.queue);
      ++consumer.outstanding;
      const Receipt receipt = got[0].receipt;
      env.call(consumer.node, {.type = "message", .body = s.queue->describe(got[0]).with("queue", s.name)},
               consumer.timeout.value_or(visibility), [this, &env, &s, index, receipt](const Result& result) {
                 --s.consumers[index].outstanding;
                 if (result.ok()) {
                   recorder_.remove(env.now(), s.name, receipt, s.queue->remove(env.now(), receipt));
                 } else {
                   const auto back = s.queue->change_visibility(env.now(), receipt, Duration::zero());
                   recorder_.change_visibility(env.now(), s.name, receipt, Duration::zero(), back);
                 }
                 pump(env, s);
               });
    }
  }

  void arm(Env& env, Station& s) {
    const std::optional<Instant> next = s.queue->next_change();
    const bool needed = next && (!s.waiters.empty() || !s.consumers.empty());
    if (s.wake && (!needed || s.wake_at != *next)) {
      env.cancel(s.wake);
      s.wake = {};
    }
    if (!needed || s.wake) return;
    s.wake_at = *next;
    s.wake = env.after(std::max(Duration::zero(), *next - env.now()), [this, &env, &s] {
      s.wake = {};
      pump(env, s);
    });
  }

  Result remove_one(Env& env, Station& s, const Value& entry) {
    const Value& text = entry["receipt"];
    if (!text.is_string())
      return refused("MissingParameter", "the request must contain the parameter ReceiptHandle");
    const auto receipt = Receipt::parse(text.string());
    if (!receipt) return receipt.error();
    const auto done = s.queue->remove(env.now(), *receipt);
    recorder_.remove(env.now(), s.name, *receipt, done);
    return value_of(done);
  }

  void remove(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(station, station_of(env, body, "DeleteMessage"));
    reply(remove_one(env, *station, body));
    pump(env, *station);
  }

  void remove_batch(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(station, station_of(env, body, "DeleteMessage"));
    SYSLAB_TAKE(entries, entries_of(body, *station));
    reply(batch(*entries, [&](const Value& entry) { return remove_one(env, *station, entry); }));
    pump(env, *station);
  }

  void change_visibility(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(station, station_of(env, body, "ChangeMessageVisibility"));
    SYSLAB_TAKE(timeout, duration_of(body, "visibility"));
    const Value& text = body["receipt"];
    if (!text.is_string() || !timeout) {
      return reply(refused("MissingParameter",
                           "the request must contain the parameters ReceiptHandle and VisibilityTimeout"));
    }
    SYSLAB_TAKE(receipt, Receipt::parse(text.string()));
    const auto done = station->queue->change_visibility(env.now(), receipt, *timeout);
    recorder_.change_visibility(env.now(), station->name, receipt, *timeout, done);
    reply(value_of(done));
    pump(env, *station);
  }

  static Value describe(Env& env, MessageQueue& q) {
    const QueueCounts c = q.counts(env.now());
    const QueueTotals& t = q.totals();
    const auto n = [](auto count) { return number(static_cast<double>(count)); };
    const std::optional<Duration> age = q.oldest_age(env.now());
    return Value::map({{"visible", n(c.visible)},
                       {"in_flight", n(c.in_flight)},
                       {"delayed", n(c.delayed)},
                       {"oldest_age", number(age ? to_seconds(*age) : 0)},
                       {"sent", n(t.sent)},
                       {"duplicates", n(t.duplicates)},
                       {"received", n(t.received)},
                       {"deleted", n(t.deleted)},
                       {"timed_out", n(t.timed_out)},
                       {"dead", n(t.dead)},
                       {"expired", n(t.expired)}});
  }

  void attributes(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(station, station_of(env, body, "GetQueueAttributes"));
    const Duration lag = station->queue->options().counts_lag;
    if (station->counts.is_nil() || env.now() - station->counted_at >= lag) {
      station->counts = describe(env, *station->queue);
      station->counted_at = env.now();
    }
    reply(station->counts);
  }

  void purge(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(station, station_of(env, body, "PurgeQueue"));
    station->queue->purge();
    recorder_.purge(env.now(), station->name);
    when_kept(env, Value(true), std::move(reply));
  }

  void redrive(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(from, station_of(env, body, "StartMessageMoveTask"));
    SYSLAB_TAKE(to, station_of(env, body, "SendMessage", "to"));
    SYSLAB_TAKE(max, count_of(body, "max", 1e15));
    if (from == to || from->queue->options().ordering != to->queue->options().ordering) {
      return reply(refused("InvalidParameterValue", "messages go back to another queue of the same type"));
    }
    const std::size_t moved = from->queue->redrive(env.now(), max, *to->queue);
    recorder_.redrive(env.now(), from->name, to->name, moved);
    when_kept(env, number(static_cast<double>(moved)), std::move(reply));
    pump(env, *to);
  }

  // ---- exchanges

  Expected<ExchangeState*> exchange_of(const Value& body) {
    const auto found = exchanges_.find(text_of(body["exchange"]));
    if (found == exchanges_.end())
      return refused("not_found", "no exchange '" + text_of(body["exchange"]) + "'");
    return &found->second;
  }

  void publish(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(exchange, exchange_of(body));
    SYSLAB_TAKE(key, string_of(body, "key"));
    std::vector<std::string> queues = exchange->exchange.route(key, body["headers"]);
    // Alternates may lead on; each exchange is asked once.
    for (std::size_t hops = 0; queues.empty() && !exchange->alternate.empty() && hops < exchanges_.size();
         ++hops) {
      exchange = &exchanges_.at(exchange->alternate);
      queues = exchange->exchange.route(key, body["headers"]);
    }
    Value::List routed;
    for (const std::string& name : queues) {
      SYSLAB_TAKE(message, outgoing_of(body));
      if (message.attributes.is_nil()) message.attributes = body["headers"];
      Station& s = stations_.at(name);
      const Result result = accept(env, s, std::move(message));
      if (!result.ok()) return reply(result);
      routed.push_back(Value(name));
    }
    when_kept(env, Value::map({{"routed", Value::list(std::move(routed))}}), std::move(reply));
    for (const std::string& name : queues) pump(env, stations_.at(name));
  }

  void bind(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(exchange, exchange_of(body));
    SYSLAB_TAKE(key, string_of(body, "key"));
    SYSLAB_TAKE(station, station_of(env, body, "Bind"));
    reply(value_of(exchange->exchange.bind(station->name, key, body["arguments"])));
  }

  void unbind(Env&, const Value& body, Reply reply) {
    SYSLAB_TAKE(exchange, exchange_of(body));
    SYSLAB_TAKE(key, string_of(body, "key"));
    reply(Value(exchange->exchange.unbind(text_of(body["queue"]), key, body["arguments"])));
  }

  // ---- push, request and reply

  void consume(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(station, station_of(env, body, "ReceiveMessage"));
    SYSLAB_TAKE(to, string_of(body, "to"));
    SYSLAB_TAKE(prefetch, count_of(body, "prefetch", 1));
    SYSLAB_TAKE(timeout, duration_of(body, "within"));
    SYSLAB_TAKE(node, env.find(to));
    station->consumers.push_back({node, std::max<std::size_t>(prefetch, 1), 0, timeout});
    reply(Value(true));
    pump(env, *station);
  }

  void request(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(station, station_of(env, body, "SendMessage"));
    SYSLAB_TAKE(message, outgoing_of(body));
    SYSLAB_TAKE(within, duration_of(body, "reply_within"));
    const std::uint64_t id = ++last_request_;
    const std::string correlation = station->name + "/" + std::to_string(id);
    message.attributes =
        message.attributes.with("correlation", correlation).with("reply_to", env.name_of(env.self()));
    const Result sent = accept(env, *station, std::move(message));
    if (!sent.ok()) return reply(sent);
    const TimerId timer =
        env.after(std::max(Duration::zero(), within.value_or(std::chrono::seconds(30))), [this, correlation] {
          const auto found = pending_.find(correlation);
          const Reply late = std::move(found->second.reply);
          pending_.erase(found);
          late(make_error("timeout", "no reply came in time"));
        });
    pending_.emplace(correlation, Pending{std::move(reply), timer});
    pump(env, *station);
  }

  void reply_to(Env& env, const Value& body, Reply reply) {
    const auto found = pending_.find(text_of(body["correlation"]));
    if (found == pending_.end()) return reply(Value(false));
    const Reply waiting = std::move(found->second.reply);
    env.cancel(found->second.timer);
    pending_.erase(found);
    waiting(body["body"]);
    reply(Value(true));
  }

  // ---- jobs

  Expected<JobState*> jobs_of(const Value& body) {
    const auto found = jobs_.find(text_of(body["jobs"]));
    if (found == jobs_.end()) return refused("not_found", "no job queue '" + text_of(body["jobs"]) + "'");
    return &found->second;
  }

  void put(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(state, jobs_of(body));
    SYSLAB_TAKE(priority, number_of(body, "priority", 0));
    SYSLAB_TAKE(ttl, duration_of(body, "ttl"));
    SYSLAB_TAKE(ttr, duration_of(body, "ttr"));
    SYSLAB_TAKE(delay, duration_of(body, "delay"));
    SYSLAB_TAKE(tube, string_of(body, "tube"));
    const double bounded = std::clamp(priority, -1e15, 1e15);
    SYSLAB_TAKE(id, state->jobs->put(env.now(), {body["data"], static_cast<std::int64_t>(bounded), ttl, ttr,
                                                 delay, tube}));
    reply(number(static_cast<double>(id)));
    pump(env, *state);
  }

  void repeat(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(state, jobs_of(body));
    SYSLAB_TAKE(name, string_of(body, "name"));
    SYSLAB_TAKE(cron, string_of(body, "cron"));
    SYSLAB_TAKE(every, duration_of(body, "every"));
    SYSLAB_TAKE(priority, number_of(body, "priority", 0));
    SYSLAB_TAKE(tube, string_of(body, "tube"));
    if (name.empty()) return reply(refused("malformed", "a repetition has a name"));
    if (cron.empty() == !every.has_value())
      return reply(refused("malformed", "a repetition has either a cron line or an interval (every)"));
    if (every && *every <= Duration::zero()) return reply(refused("malformed", "an interval is above 0"));
    Schedule schedule = Schedule::every(every.value_or(std::chrono::seconds(1)));
    if (!cron.empty()) {
      SYSLAB_TAKE(parsed, Schedule::cron(cron));
      schedule = parsed;
    }
    NewJob job;
    job.data = body["data"];
    job.priority = static_cast<std::int64_t>(std::clamp(priority, -1e15, 1e15));
    job.tube = tube;
    state->jobs->repeat(env.now(), name, schedule, std::move(job), body["overlap"] != Value(false));
    reply(Value(true));
    pump(env, *state);
  }

  void cancel(Env&, const Value& body, Reply reply) {
    SYSLAB_TAKE(state, jobs_of(body));
    SYSLAB_TAKE(name, string_of(body, "name"));
    reply(Value(state->jobs->cancel_repeat(name)));
  }

  void take(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(state, jobs_of(body));
    SYSLAB_TAKE(wait, duration_of(body, "wait"));
    const std::uint64_t id = ++last_waiter_;
    state->waiters.push_back({id, 1, {}, {}, std::move(reply)});
    pump(env, *state);
    const auto mine = std::find_if(state->waiters.begin(), state->waiters.end(),
                                   [id](const Waiter& w) { return w.id == id; });
    if (mine == state->waiters.end()) return;
    const auto leave = [state, id] {
      const auto found = std::find_if(state->waiters.begin(), state->waiters.end(),
                                      [id](const Waiter& w) { return w.id == id; });
      if (found == state->waiters.end()) return;
      const Reply late = std::move(found->reply);
      state->waiters.erase(found);
      late(Value(false));
    };
    if (!wait || *wait <= Duration::zero()) return leave();
    mine->timer = env.after(*wait, leave);
  }

  void pump(Env& env, JobState& s) {
    while (!s.waiters.empty()) {
      auto job = s.jobs->take(env.now());
      if (!job) break;
      const Waiter waiter = std::move(s.waiters.front());
      s.waiters.pop_front();
      if (waiter.timer) env.cancel(waiter.timer);
      waiter.reply(Value::map({{"id", number(static_cast<double>(job->id))},
                               {"take", number(job->take)},
                               {"priority", number(static_cast<double>(job->priority))},
                               {"tube", job->tube},
                               {"data", job->data}}));
    }
    const std::optional<Instant> next = s.waiters.empty() ? std::nullopt : s.jobs->next_take(env.now());
    if (s.wake && (!next || s.wake_at != *next)) {
      env.cancel(s.wake);
      s.wake = {};
    }
    if (!next || s.wake) return;
    s.wake_at = *next;
    // A nanosecond late is not early: rates round.
    s.wake = env.after(std::max(Duration(1), *next - env.now()), [this, &env, &s] {
      s.wake = {};
      pump(env, s);
    });
  }

  // What ack and its like have in common.
  template <class Act>
  void on_job(Env& env, const Value& body, const Reply& reply, Act&& act) {
    SYSLAB_TAKE(state, jobs_of(body));
    SYSLAB_TAKE(id, count_of(body, "id", 0));
    SYSLAB_TAKE(take, count_of(body, "take", 0));
    reply(act(*state->jobs, id, static_cast<std::uint32_t>(take)));
    pump(env, *state);
  }

  void ack(Env& env, const Value& body, Reply reply) {
    on_job(env, body, reply, [&](JobQueue& q, std::uint64_t id, std::uint32_t take) {
      return value_of(q.ack(env.now(), id, take));
    });
  }
  void bury(Env& env, const Value& body, Reply reply) {
    on_job(env, body, reply, [&](JobQueue& q, std::uint64_t id, std::uint32_t take) {
      return value_of(q.bury(env.now(), id, take));
    });
  }
  void release(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(delay, duration_of(body, "delay"));
    on_job(env, body, reply, [&](JobQueue& q, std::uint64_t id, std::uint32_t take) {
      return value_of(q.release(env.now(), id, take, delay.value_or(Duration::zero())));
    });
  }
  void touch(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(more, duration_of(body, "more"));
    on_job(env, body, reply, [&](JobQueue& q, std::uint64_t id, std::uint32_t take) {
      return value_of(
          q.touch(env.now(), id, take, std::max(Duration::zero(), more.value_or(Duration::zero()))));
    });
  }
  void fail(Env& env, const Value& body, Reply reply) {
    on_job(env, body, reply, [&](JobQueue& q, std::uint64_t id, std::uint32_t take) -> Result {
      const auto wait = q.fail(env.now(), id, take);
      if (!wait) return wait.error();
      return *wait ? Value::map({{"retry_in", number(to_seconds(**wait))}}) : Value::map({{"buried", true}});
    });
  }
  void kick(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(state, jobs_of(body));
    SYSLAB_TAKE(count, count_of(body, "count", 1));
    reply(number(static_cast<double>(state->jobs->kick(env.now(), count))));
    pump(env, *state);
  }

#undef SYSLAB_TAKE

  Value state() const override {
    Value::Map queues;
    for (const auto& [name, s] : stations_) {
      const QueueTotals& t = s.queue->totals();
      const auto n = [](auto count) { return number(static_cast<double>(count)); };
      queues.emplace_back(name, Value::map({{"messages", n(s.queue->size())},
                                            {"sent", n(t.sent)},
                                            {"received", n(t.received)},
                                            {"deleted", n(t.deleted)},
                                            {"waiting", n(s.waiters.size())},
                                            {"dead", n(t.dead)}}));
    }
    return Value::map({{"queues", Value::map(std::move(queues))}});
  }

  const std::shared_ptr<const BrokerOptions> options_;
  QueueRecorder recorder_;
  std::map<std::string, Station, std::less<>> stations_;
  std::map<std::string, ExchangeState> exchanges_;
  std::map<std::string, JobState> jobs_;
  std::map<std::string, Pending> pending_;
  std::uint64_t last_waiter_ = 0;
  std::uint64_t last_request_ = 0;
};

}  // namespace

Filter make_broker(BrokerOptions options) {
  const auto shared = std::make_shared<const BrokerOptions>(std::move(options));
  return [shared](ServicePtr inner) { return std::make_shared<Broker>(shared, std::move(inner)); };
}

}  // namespace syslab

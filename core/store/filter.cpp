#include "core/store/filter.hpp"

#include <cmath>
#include <deque>
#include <map>

#include "core/store/disk_medium.hpp"

namespace syslab {
namespace {

bool is_key(const Value& key) {
  return key.is_string() || (key.is_number() && std::isfinite(key.number()));
}

// A number as JSON writes it; a text as it is, in quotes where it begins as a number does, so that 5 and "5"
// are two.
std::string bytes_of(const Value& key) {
  if (!key.is_string() || key.string().find_first_of("0123456789-\"") == 0) return key.json();
  return std::string(key.string());
}
Value key_of(std::string_view bytes) {
  if (bytes.find_first_of("0123456789-\"") != 0) return bytes;
  const Expected<Value> key = Value::parse_json(bytes);
  SYSLAB_ASSERT(key.ok());
  return *key;
}
Value value_of(std::string_view bytes) {
  const Expected<Value> value = Value::parse_json(bytes);
  SYSLAB_ASSERT(value.ok());
  return *value;
}

class StoreFilter final : public FilterService {
 public:
  StoreFilter(const StoreFilterOptions& options, ServicePtr inner)
      : FilterService("store", std::move(inner)), options_(options) {
    options_.store.inline_work = false;
  }

  void on_start(Env& env) override {
    FilterService::on_start(env);
    env_ = &env;
    auto medium = std::make_unique<DiskMedium>(env, options_.name, [this] { progress(); });
    medium_ = medium.get();
    store_ = std::make_unique<Store>(options_.store, std::move(medium));
    opened();
  }

  void call(Env& env, Request request, Reply reply) override {
    const Action action = action_of(request);
    if (action == nullptr) {
      inner_->call(env, std::move(request), std::move(reply));
      return;
    }
    const Value body = request.body;
    inner_->call(
        env, std::move(request), [this, action, body, reply = std::move(reply)](Result result) mutable {
          if (!result.ok()) {
            reply(std::move(result));
          } else if (is_recovering_) {
            held_.push_back([this, action, body, reply = std::move(reply)] { (this->*action)(body, reply); });
          } else {
            (this->*action)(body, std::move(reply));
          }
        });
  }

 private:
  using Action = void (StoreFilter::*)(const Value& body, Reply reply);
  struct Write {
    std::string key;
    std::optional<std::string> value;  // as JSON; none: delete
  };
  using Writes = std::vector<Write>;
  struct Pending {  // in the log, or on its way there
    Lsn lsn;
    Medium::Ticket ticket;
    Writes writes;
    Result answer;
    Reply reply;
  };
  struct Stalled {
    Instant since;
    Instant until;  // it waits at least
    Writes writes;
    Result answer;
    Reply reply;
  };
  struct Read {
    Medium::Ticket ticket;
    Result result;
    Reply reply;
  };
  struct OnTheWay {
    std::optional<std::string> value;  // of the last write
    std::uint64_t count = 0;
  };

  static Action action_of(const Request& request) {
    const std::string& type = request.type;
    if (type == "scan") return &StoreFilter::scan;
    if (type == "put_many") {
      const Value& entries = request.body["entries"];
      if (!entries.is_list() || entries.list().empty()) return nullptr;
      for (const Value& entry : entries.list()) {
        if (!is_key(entry["key"])) return nullptr;
      }
      return &StoreFilter::put_many;
    }
    if (!is_key(request.key())) return nullptr;
    if (type == "get" || type == "read") return &StoreFilter::get;
    if (type == "put" || type == "write" || type == "set") return &StoreFilter::put;
    if (type == "delete") return &StoreFilter::erase;
    if (type == "cas") return &StoreFilter::cas;
    return nullptr;
  }

  // ---- Reading

  // Answers when the blocks that were read have come from the disk.
  void answer_read(Medium::Ticket before, Result result, Reply reply) {
    if (medium_->issued() == before) {
      reply(std::move(result));
    } else {
      reads_.push_back({medium_->issued(), std::move(result), std::move(reply)});
    }
  }

  void get(const Value& body, Reply reply) {
    const Medium::Ticket before = medium_->issued();
    const auto value = store_->get(bytes_of(body["key"]));
    if (!value.ok()) {
      answer_read(before, value.error(), std::move(reply));
    } else if (!*value) {
      answer_read(before, make_error("not_found", "no entry " + body["key"].json()), std::move(reply));
    } else {
      answer_read(before, value_of(**value), std::move(reply));
    }
  }

  void scan(const Value& body, Reply reply) {
    const Medium::Ticket before = medium_->issued();
    const auto bound = [&](const char* name) {
      return is_key(body[name]) ? bytes_of(body[name]) : std::string();
    };
    const double limit = body["limit"].is_number() ? body["limit"].number() : 100;
    Value::List found;
    const auto error =
        store_->scan(bound("from"), bound("to"), kLatest, [&](std::string_view key, std::string_view value) {
          if (static_cast<double>(found.size()) >= limit) return false;
          found.push_back(Value::map({{"key", key_of(key)}, {"value", value_of(value)}}));
          return true;
        });
    answer_read(before, error ? Result(*error) : Result(Value::list(std::move(found))), std::move(reply));
  }

  // ---- Writing

  void put(const Value& body, Reply reply) {
    Value value = body["value"].is_nil() ? body["payload"] : body["value"];
    if (value.is_nil()) value = Value(true);
    accept({{bytes_of(body["key"]), value.json()}}, Value(true), std::move(reply));
  }

  void erase(const Value& body, Reply reply) {
    accept({{bytes_of(body["key"]), std::nullopt}}, Value(true), std::move(reply));
  }

  void cas(const Value& body, Reply reply) {
    // What is on its way counts, or two of them would both succeed.
    const std::string key = bytes_of(body["key"]);
    const auto writing = writing_.find(key);
    std::optional<std::string> there;
    if (writing != writing_.end()) {
      there = writing->second.value;
    } else {
      auto read = store_->get(key);
      if (!read.ok()) {
        reply(read.error());
        return;
      }
      there = std::move(*read);
    }
    const Error conflict = make_error("conflict", "the entry has another value");
    if ((there ? value_of(*there) : Value()) == body["expected"]) {
      put(body, std::move(reply));
    } else if (writing == writing_.end()) {
      reply(conflict);
    } else {
      // A crash may yet take back what it lost against, so the answer waits until that is there.
      accept({}, conflict, std::move(reply));
    }
  }

  void put_many(const Value& body, Reply reply) {
    Writes writes;
    for (const Value& entry : body["entries"].list()) {
      const Value& value = entry["value"];
      writes.push_back({bytes_of(entry["key"]), value.is_nil() ? std::nullopt : std::optional(value.json())});
    }
    const Value answer = static_cast<double>(writes.size());
    accept(std::move(writes), answer, std::move(reply));
  }

  void accept(Writes writes, Result answer, Reply reply) {
    for (const Write& write : writes) {
      OnTheWay& way = writing_[write.key];
      way.value = write.value;
      ++way.count;
    }
    const Instant now = env_->now();
    const Pressure pressure = store_->pressure();
    if (pressure == Pressure::none && stalled_.empty()) {
      log(std::move(writes), std::move(answer), std::move(reply));
    } else {
      // In a queue, so that writes stay in their order.
      ++(pressure == Pressure::stop ? stalls_ : slowed_);
      const Instant until = pressure == Pressure::slow ? now + options_.slow_by : now;
      stalled_.push_back({now, until, std::move(writes), std::move(answer), std::move(reply)});
      if (until > now) env_->after(until - now, [this] { progress(); });
    }
    progress();
  }

  void log(Writes writes, Result answer, Reply reply) {
    if (writes.empty()) {
      pending_.push_back({store_->written(), medium_->issued(), {}, std::move(answer), std::move(reply)});
      return;
    }
    std::vector<Change> changes;
    for (const Write& write : writes) {
      changes.push_back(
          {write.key, write.value ? std::optional<std::string_view>(*write.value) : std::nullopt});
    }
    const Expected<Lsn> lsn = store_->write(changes, env_->now());
    if (lsn.ok()) {
      pending_.push_back({*lsn, medium_->issued(), std::move(writes), std::move(answer), std::move(reply)});
    } else {
      // Refused before anything was done, whatever the code says of others.
      refuse(writes, lsn.error(), true, std::move(reply));
    }
  }

  void refuse(const Writes& writes, Error error, bool definite, Reply reply) {
    error.definite = definite;
    forget(writes);
    reply(std::move(error));
  }
  void forget(const Writes& writes) {
    for (const Write& write : writes) {
      const auto way = writing_.find(write.key);
      if (--way->second.count == 0) writing_.erase(way);
    }
  }

  // ---- Going on

  // Whenever an operation has ended, or something was begun. Replies may call again from inside.
  void progress() {
    again_ = true;
    if (is_busy_) return;
    is_busy_ = true;
    while (std::exchange(again_, false)) go_on();
    is_busy_ = false;
  }

  void go_on() {
    // A read is answered whatever became of the writes.
    while (!reads_.empty() && reads_.front().ticket <= medium_->ended()) {
      Read read = std::move(reads_.front());
      reads_.pop_front();
      read.reply(std::move(read.result));
    }
    if (store_->broken()) {
      fail();
      return;
    }
    if (is_recovering_ && medium_->ended() >= recovered_at_) {
      is_recovering_ = false;
      std::deque<std::function<void()>> held;
      held.swap(held_);
      for (const auto& action : held) action();
    }
    store_->advance(env_->now());
    watch_interval();
    while (!pending_.empty() && pending_.front().lsn <= store_->applied() &&
           pending_.front().ticket <= medium_->ended()) {
      Pending done = std::move(pending_.front());
      pending_.pop_front();
      forget(done.writes);
      done.reply(std::move(done.answer));
    }
    while (!stalled_.empty() && stalled_.front().until <= env_->now() &&
           store_->pressure() != Pressure::stop && !store_->broken()) {
      Stalled next = std::move(stalled_.front());
      stalled_.pop_front();
      stalled_time_ += env_->now() - next.since;
      log(std::move(next.writes), std::move(next.answer), std::move(next.reply));
      again_ = true;
    }
    if (!is_recovering_) work();
  }

  // The next slice begins when the last one is on the disk, so that requests come in between.
  void work() {
    while (medium_->ended() >= working_until_ && store_->work()) {
      working_until_ = medium_->issued();
      again_ = true;
    }
  }

  void watch_interval() {
    const std::optional<Instant> since = store_->wal().waiting_since();
    if (options_.store.wal.sync != SyncPolicy::interval || !since || is_watching_) return;
    const Duration left = *since + options_.store.wal.interval - env_->now();
    // When it is over already, a sync is on its way, and the next one begins when that has ended.
    if (left <= Duration::zero()) return;
    is_watching_ = true;
    env_->after(left, [this] {
      is_watching_ = false;
      progress();
    });
  }

  void fail() {
    const Error error = *store_->broken();
    std::deque<Pending> pending;
    pending.swap(pending_);
    for (Pending& p : pending) refuse(p.writes, error, p.writes.empty(), std::move(p.reply));
    std::deque<Stalled> stalled;
    stalled.swap(stalled_);
    for (Stalled& s : stalled) refuse(s.writes, error, true, std::move(s.reply));
    std::deque<std::function<void()>> held;
    held.swap(held_);
    is_recovering_ = false;
    for (const auto& action : held) action();  // they find out
    if (is_retrying_) return;
    is_retrying_ = true;
    ++failures_;
    env_->log("the store failed: " + error.message);
    env_->after(options_.retry, [this] { reopen(); });
  }

  void reopen() {
    if (medium_->ended() < medium_->issued()) {
      env_->after(options_.retry, [this] { reopen(); });
      return;
    }
    is_retrying_ = false;
    medium_->forget_failure();
    store_->reopen();
    opened();
    progress();
  }

  void opened() {
    recovered_at_ = medium_->issued();
    working_until_ = recovered_at_;
    is_recovering_ = medium_->ended() < recovered_at_;
  }

  Value state() const override {
    if (store_ == nullptr) return Value::map({});
    const StoreStats s = store_->stats();
    const auto number = [](std::uint64_t n) { return static_cast<double>(n); };
    Value::Map shown = {{"engine", store_->engine().name()},
                        {"gets", number(s.gets)},
                        {"writes", number(s.writes)},
                        {"user_bytes", number(s.user_bytes)},
                        {"bytes_written", number(s.io.bytes_written())},
                        {"syncs", number(s.io.syncs)},
                        {"size_bytes", number(s.log_bytes + s.engine.size_bytes)},
                        {"debt_bytes", number(s.engine.debt_bytes)},
                        {"recovered", number(s.recovered)},
                        {"torn", s.torn},
                        {"pressure", to_string(store_->pressure())},
                        {"stalls", number(stalls_)},
                        {"slowed", number(slowed_)},
                        {"stalled_time", to_seconds(stalled_time_)},
                        {"failures", number(failures_)}};
    if (store_->broken()) shown.emplace_back("broken", store_->broken()->message);
    return Value::map(std::move(shown));
  }

  StoreFilterOptions options_;
  Env* env_ = nullptr;
  DiskMedium* medium_ = nullptr;
  std::unique_ptr<Store> store_;
  std::deque<Pending> pending_;
  std::deque<Stalled> stalled_;
  std::deque<Read> reads_;
  std::deque<std::function<void()>> held_;   // requests that came during recovery
  std::map<std::string, OnTheWay> writing_;  // what was accepted and not yet answered
  Medium::Ticket working_until_ = 0;         // the end of the last slice of background work
  Medium::Ticket recovered_at_ = 0;
  bool is_recovering_ = false;
  bool is_retrying_ = false;
  bool is_watching_ = false;
  bool is_busy_ = false;
  bool again_ = false;
  std::uint64_t stalls_ = 0;
  std::uint64_t slowed_ = 0;
  std::uint64_t failures_ = 0;
  Duration stalled_time_{};
};

}  // namespace

Filter make_store_filter(const StoreFilterOptions& options) {
  return [options](ServicePtr inner) { return std::make_shared<StoreFilter>(options, std::move(inner)); };
}

}  // namespace syslab

// FakeEnv: a world of one node for tests of nodes, services and filters: virtual time, recorded calls,
// scripted answers.
//
//   FakeEnv env;
//   const NodeId db = env.add_node("db");
//   env.on_call = [&](FakeEnv::Call& call) { env.answer_after(ms(5), call, Value("ok")); };   // or leave it
//   pending service->call(env, {.type = "get"}, into(result)); env.run(ms(10));
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/runtime/env.hpp"
#include "core/runtime/service.hpp"
#include "core/sim/scheduler.hpp"

namespace syslab::test {

constexpr Duration ms(std::int64_t n) {
  return Duration(n * 1'000'000);
}
constexpr Duration sec(std::int64_t n) {
  return ms(n * 1000);
}

class FakeEnv final : public Env {
 public:
  struct Sent {
    NodeId to;
    std::string type;
    Value body;
  };
  struct Call {
    NodeId to;
    Request request;
    std::optional<Duration> timeout;
    Instant at;
    Reply reply;  // empty once it was answered
    TimerId timer;
  };
  struct Line {
    Instant at;
    std::string text;
    Value fields;
  };

  explicit FakeEnv(std::uint64_t seed = 1) : rng_(seed) { add_node("self"); }

  NodeId add_node(std::string name) {
    names_.push_back(std::move(name));
    return NodeId{static_cast<std::uint32_t>(names_.size() - 1)};
  }

  // What answers calls; without it they stay pending until answer() or their timeout.
  std::function<void(Call&)> on_call;
  // Everything that was done, in order. A deque, so that references stay valid.
  std::deque<Call> calls;
  std::vector<Sent> sent;
  std::vector<Line> lines;
  Duration wall_offset{};

  // False where the call was answered before (or timed out): what comes too late is dropped, as the real one
  // does.
  bool answer(Call& call, Result result) {
    if (!call.reply) return false;
    scheduler_.cancel(call.timer);
    syslab::answer(call.reply, std::move(result));
    return true;
  }
  void answer_after(Duration delay, Call& call, Result result) {
    after(delay, [this, &call, result = std::move(result)] { answer(call, result); });
  }

  // Runs everything that is due within `time` and moves the clock to its end.
  void run(Duration time) {
    const Instant end = now() + time;
    while (scheduler_.step(end)) {
    }
    scheduler_.advance_to(end);
  }

  NodeId self() const override { return NodeId{0}; }
  const std::string& name_of(NodeId node) const override { return names_.at(node.index); }
  Expected<NodeId> find(std::string_view name) const override {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] == name) return NodeId{static_cast<std::uint32_t>(i)};
    }
    return make_error("not_found", "no node '" + std::string(name) + "'");
  }
  Instant now() const override { return scheduler_.now(); }
  Instant wall_now() const override { return scheduler_.now() + wall_offset; }
  TimerId after(Duration delay, std::function<void()> action) override {
    SYSLAB_ASSERT(delay >= Duration::zero());
    return scheduler_.at(now() + delay, std::move(action));
  }
  bool cancel(TimerId timer) override { return scheduler_.cancel(timer); }
  void send(NodeId to, std::string type, Value body) override {
    sent.push_back({to, std::move(type), std::move(body)});
  }
  void call(NodeId to, Request request, std::optional<Duration> timeout, Reply reply) override {
    request.from = self();
    Call& call = calls.emplace_back(Call{to, std::move(request), timeout, now(), std::move(reply), {}});
    if (timeout) {
      call.timer = after(*timeout,
                         [&call] { syslab::answer(call.reply, make_error("timeout", "no answer in time")); });
    }
    if (on_call) on_call(call);
  }
  Storage& disk() override { return disk_; }
  Rng& rng() override { return rng_; }
  Metrics& metrics() override { return metrics_; }
  void log(std::string_view text, Value fields) override {
    lines.push_back({now(), std::string(text), std::move(fields)});
  }

 private:
  // A disk without delay, on which everything is durable at once.
  class FakeDisk final : public Storage {
   public:
    explicit FakeDisk(FakeEnv& env) : env_(env) {}
    void write(const std::string& file, Value content, Done done) override {
      content.is_nil() ? void(files_.erase(file)) : void(files_[file] = std::move(content));
      finish(std::move(done), Value());
    }
    void append(const std::string& file, Value record, Done done) override {
      Value::List records = files_.count(file) ? files_[file].list() : Value::List{};
      records.push_back(std::move(record));
      files_[file] = Value::list(std::move(records));
      finish(std::move(done), Value());
    }
    void sync(Done done) override { finish(std::move(done), Value()); }
    void read(const std::string& file, Done done) override { finish(std::move(done), peek(file)); }
    Result peek(const std::string& file) const override {
      const auto found = files_.find(file);
      if (found == files_.end()) return make_error("not_found", "no file '" + file + "'");
      return found->second;
    }

   private:
    void finish(Done done, Result result) {
      env_.after(Duration::zero(), [done = std::move(done), result = std::move(result)] { done(result); });
    }
    FakeEnv& env_;
    std::map<std::string, Value> files_;
  };

  std::deque<std::string> names_;
  Rng rng_;
  Metrics metrics_;
  FakeDisk disk_{*this};
  Scheduler scheduler_;  // last: what it still holds refers to the others
};

// A service that does what a function says, and remembers what it was asked.
class FakeService final : public Service {
 public:
  using Script = std::function<void(Env&, const Request&, Reply)>;
  explicit FakeService(Script script) : script_(std::move(script)) {}

  void on_start(Env&) override { ++starts; }
  void call(Env& env, Request request, Reply reply) override {
    times.push_back(env.now());
    requests.push_back(request);
    script_(env, request, std::move(reply));
  }

  int starts = 0;
  std::vector<Request> requests;
  std::vector<Instant> times;

 private:
  Script script_;
};

inline std::shared_ptr<FakeService> fake_service(FakeService::Script script) {
  return std::make_shared<FakeService>(std::move(script));
}
// Answers everything with `result`, at once or after a delay.
inline std::shared_ptr<FakeService> always(Result result) {
  return fake_service([result](Env&, const Request&, Reply reply) { reply(result); });
}
inline std::shared_ptr<FakeService> always_after(Duration delay, Result result) {
  return fake_service([=](Env& env, const Request&, Reply reply) {
    env.after(delay, [reply = std::move(reply), result] { reply(result); });
  });
}

// Collects the results of calls: their order, when they came, and how many.
struct Results {
  struct Entry {
    Instant at;
    Result result;
  };
  std::vector<Entry> entries;

  Reply reply(Env& env) {
    return [this, &env](Result result) { entries.push_back({env.now(), std::move(result)}); };
  }
  std::size_t size() const { return entries.size(); }
  // The code of the i-th error, or "ok".
  std::string code(std::size_t i) const {
    return entries.at(i).result.ok() ? "ok" : entries.at(i).result.error().code;
  }
  std::size_t count(std::string_view wanted) const {
    std::size_t n = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) n += code(i) == wanted;
    return n;
  }
};

}  // namespace syslab::test

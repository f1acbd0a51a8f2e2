#include "core/store/database.hpp"

#include <deque>
#include <utility>
#include <vector>

#include "core/base/nearest.hpp"
#include "core/store/answer.hpp"

namespace syslab {
namespace {

Value without(const Value& body, std::string_view field) {
  if (!body.is_map()) return body;
  Value::Map rest;
  for (const auto& entry : body.map()) {
    if (entry.first != field) rest.push_back(entry);
  }
  return Value::map(std::move(rest));
}

// In the log: here a process began, and what was under way was not gone on with.
constexpr std::string_view kRestarted = "restarted";

class Database final : public FilterService {
 public:
  Database(std::shared_ptr<const DatabaseOptions> options, ServicePtr inner)
      : FilterService("database", std::move(inner)), options_(std::move(options)), free_(options_->workers) {}

  void on_start(Env& env) override {
    for (const auto& [name, prototype] : options_->holds) {
      Held& held = held_[name];
      held.engine = prototype->fresh();
      const Result log = env.disk().peek("log/" + name);
      for (const Value& record : log.ok() && log->is_list() ? log->list() : Value::List{}) {
        // What was torn by the crash was never acknowledged.
        if (!record["at"].is_number() || !record["verb"].is_string()) break;
        const Instant at{Duration(static_cast<std::int64_t>(record["at"].number()))};
        const std::string_view verb = record["verb"].string();
        if (verb == kRestarted) {
          held.engine->end_sessions();
        } else {
          held.engine->ask(at, verb, record["body"], [](const Expected<Value>&) {});
        }
      }
      // The next start has to end here what this one ends.
      held.engine->end_sessions();
      if (log.ok()) append(env, name, kRestarted, {});
      watch(env, held);
    }
    inner_->on_start(env);
  }

  void call(Env& env, Request request, Reply reply) override {
    const auto held =
        held_.size() == 1 && request.body["in"].is_nil() ? held_.begin() : find(request.body["in"]);
    if (held == held_.end() && !request.body["in"].is_nil()) {
      std::vector<std::string> names;
      for (const auto& [name, one] : held_) names.push_back(name);
      const std::string wanted = request.body["in"].is_string() ? std::string(request.body["in"].string())
                                                                : request.body["in"].json();
      return reply(
          make_error("not_found", "there is no '" + wanted + "' in it" + did_you_mean(wanted, names)));
    }
    if (held == held_.end() || !held->second.engine->knows(request.type)) {
      return inner_->call(env, std::move(request), std::move(reply));
    }
    Job job{held->first, request.type, without(request.body, "in"), std::move(reply)};
    inner_->call(env, std::move(request), [this, &env, job = std::move(job)](Result result) mutable {
      if (!result.ok()) return job.reply(std::move(result));
      jobs_.push_back(std::move(job));
      work(env);
    });
  }

 private:
  struct Held {
    std::shared_ptr<Engine> engine = {};
    TimerId timer = {};
  };
  struct Job {
    std::string in;
    std::string verb;
    Value body;
    Reply reply;
  };

  struct Pending {
    Job job = {};
    std::optional<Result> answer = {};
    bool worked = false;
    std::uint64_t sync = 0;  // the disk's sync that has to be over
  };
  using PendingPtr = std::shared_ptr<Pending>;

  std::map<std::string, Held>::iterator find(const Value& name) {
    return name.is_string() ? held_.find(std::string(name.string())) : held_.end();
  }

  // Gives jobs to workers that are free.
  void work(Env& env) {
    while (free_ > 0 && !jobs_.empty()) {
      --free_;
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      carry_out(env, std::move(job));
    }
  }

  void carry_out(Env& env, Job job) {
    Held& held = held_.find(job.in)->second;
    const auto pending = std::make_shared<Pending>();
    pending->job = std::move(job);
    const std::uint64_t before = held.engine->rows_touched();
    held.engine->ask(env.now(), pending->job.verb, pending->job.body, [this, &env, pending](Result result) {
      pending->answer.emplace(std::move(result));
      keep(env, pending);
      give(pending);
    });
    watch(env, held);
    const auto rows = static_cast<std::int64_t>(held.engine->rows_touched() - before);
    const auto worked = [this, pending] {
      ++free_;
      pending->worked = true;
      give(pending);
    };
    if (options_->row_time == Duration::zero() || rows == 0) return worked();
    env.work(options_->row_time * rows, [this, &env, worked] {
      worked();
      work(env);
    });
  }

  // Puts what has to outlive a crash into the log, in the order in which it happened.
  void keep(Env& env, const PendingPtr& pending) {
    if (!options_->durable) return;
    const Job& job = pending->job;
    const Engine& engine = *held_.find(job.in)->second.engine;
    const bool of_transaction = !job.body["tx"].is_nil();
    const bool changed = engine.changes(job.verb) && pending->answer->ok();
    const bool failed = !pending->answer->ok();
    if (of_transaction && failed) {
      // The statement has ended its transaction; done again, alone, it might not. These two have not.
      const std::string& code = pending->answer->error().code;
      if (code != "malformed" && code != "active_sql_transaction") {
        append(env, job.in, "rollback", Value::map({{"tx", job.body["tx"]}}));
      }
    } else if (of_transaction || changed) {
      append(env, job.in, job.verb, engine.again(job.verb, job.body, **pending->answer));
    }
    if (changed && (!of_transaction || job.verb == "commit")) {
      ++syncs_begun_;
      env.disk().sync([this, pending](const Result& synced) {
        ++syncs_ended_;
        if (!synced.ok()) pending->answer.emplace(synced);
        std::vector<PendingPtr> all = std::exchange(unsure_, {});
        for (const PendingPtr& one : all) give(one);
      });
    }
    pending->sync = syncs_begun_;
  }

  // Answers, when the work is done, and what the answer shows is on the disk.
  void give(const PendingPtr& pending) {
    if (!pending->answer || !pending->worked) return;
    if (syncs_ended_ < pending->sync) return unsure_.push_back(pending);
    answer(pending->job.reply, std::move(*pending->answer));
  }

  static void append(Env& env, const std::string& name, std::string_view verb, const Value& body) {
    env.disk().append("log/" + name,
                      Value::map({{"at", static_cast<double>(env.now().time_since_epoch().count())},
                                  {"verb", verb},
                                  {"body", body}}),
                      [](const Result&) {});
  }

  // Wakes the engine when something of it is due: a change of schema that is done, a wait that has lasted too
  // long.
  void watch(Env& env, Held& held) {
    env.cancel(held.timer);
    const auto next = held.engine->next_event();
    if (!next) return;
    held.timer = env.after(std::max(*next - env.now(), Duration::zero()), [this, &env, &held] {
      held.engine->advance(env.now());
      watch(env, held);
    });
  }

  Value state() const override {
    Value::Map out = {{"waiting", count(jobs_.size())}};
    for (const auto& [name, held] : held_) out.emplace_back(name, held.engine->show());
    return Value::map(std::move(out));
  }

  const std::shared_ptr<const DatabaseOptions> options_;
  std::map<std::string, Held> held_;
  std::deque<Job> jobs_;  // that wait for a worker
  std::size_t free_;
  std::uint64_t syncs_begun_ = 0;
  std::uint64_t syncs_ended_ = 0;
  std::vector<PendingPtr> unsure_;  // wait for a sync
};

}  // namespace

Filter make_database(DatabaseOptions options) {
  const auto shared = std::make_shared<const DatabaseOptions>(std::move(options));
  return [shared](ServicePtr inner) { return std::make_shared<Database>(shared, std::move(inner)); };
}

}  // namespace syslab

#include "core/stream/consumer.hpp"

#include <algorithm>
#include <deque>
#include <map>

#include "core/stream/partitioner.hpp"
#include "core/stream/recorder.hpp"

namespace syslab {
namespace {

Value number(std::int64_t n) {
  return static_cast<double>(n);
}
std::int64_t integer(const Value& v, std::int64_t otherwise = 0) {
  return v.is_number() ? static_cast<std::int64_t>(v.number()) : otherwise;
}
std::string text_of(const Value& value) {
  return value.is_string() ? std::string(value.string()) : std::string();
}

// The Java client's fetch.max.wait.ms, and what it waits before it tries again.
constexpr Duration kFetchWait = std::chrono::milliseconds(500);
constexpr Duration kBackoff = std::chrono::milliseconds(200);
constexpr Duration kIdle = std::chrono::milliseconds(10);
constexpr Duration kPatience = std::chrono::seconds(2);

// Whether another broker may know better: this one has not heard of the latest changes, or was left behind.
bool behind(const Error& error) {
  constexpr std::string_view kCodes[] = {
      "NOT_LEADER_OR_FOLLOWER",       "LEADER_NOT_AVAILABLE", "NOT_COORDINATOR",
      "COORDINATOR_NOT_AVAILABLE",    "UNKNOWN_LEADER_EPOCH", "ILLEGAL_GENERATION",
      "OUT_OF_ORDER_SEQUENCE_NUMBER", "UNKNOWN_MEMBER_ID"};
  return std::find(std::begin(kCodes), std::end(kCodes), error.code) != std::end(kCodes);
}

// Speaks to whichever broker answers: the next one after one that did not, or that was behind.
class Brokers {
 public:
  explicit Brokers(std::vector<NodeId> all) : all_(std::move(all)) {}
  void call(Env& env, Request request, Duration timeout, Reply reply) {
    const std::size_t now = at_;
    env.call(all_[now % all_.size()], std::move(request), timeout,
             [this, now, reply = std::move(reply)](Result result) {
               if (!result.ok() && (is_fault(result.error()) || behind(result.error())) && at_ == now) ++at_;
               reply(std::move(result));
             });
  }

 private:
  std::vector<NodeId> all_;
  std::size_t at_ = 0;
};

class Consumer final : public FilterService {
 public:
  Consumer(std::shared_ptr<const StreamConsumerOptions> options, ServicePtr inner)
      : FilterService("consumer", std::move(inner)),
        options_(std::move(options)),
        recorder_(options_->history),
        brokers_(options_->brokers) {}

  void on_start(Env& env) override {
    inner_->on_start(env);
    join(env);
    beat(env);
    if (options_->commit == StreamConsumerOptions::Commit::automatic) auto_commit(env);
  }

  void call(Env& env, Request request, Reply reply) override {
    if (request.type == "pause") {
      paused_ = true;
      return reply(Value(true));
    }
    if (request.type == "resume") {
      paused_ = false;
      for (auto& [tp, p] : partitions_) fetch(env, tp);
      return reply(Value(true));
    }
    if (request.type == "status") return reply(state());
    if (request.type == "seek") {
      const TopicPartition tp{text_of(request.body["topic"]),
                              static_cast<std::uint32_t>(integer(request.body["partition"]))};
      const auto found = partitions_.find(tp);
      if (found == partitions_.end()) {
        return reply(
            Error{"ILLEGAL_STATE", "this member does not have the partition '" + tp.text() + "'", true});
      }
      Partition& p = found->second;
      ++p.turn;
      p.busy = false;
      p.waiting.clear();
      p.position = p.done = integer(request.body["offset"]);
      p.moved = true;
      fetch(env, tp);
      return reply(Value(true));
    }
    inner_->call(env, std::move(request), std::move(reply));
  }

 private:
  struct Partition {
    std::int64_t position = -1;  // the next offset to fetch; -1: not known yet
    std::int64_t done = -1;      // everything below is done
    std::int64_t committed = -1;
    std::int64_t epoch = 0;  // the latest leader's that we have heard of
    bool moved = false;      // to be committed, also backwards
    bool busy = false;       // a fetch or work is under way
    std::uint64_t turn = 0;  // answers of an earlier one are not for us
    std::uint32_t failures = 0;
    std::deque<Value> waiting = {};
    Instant polled{};
  };

  Value of_group(Value::Map more) const {
    more.emplace_back("group", options_->group);
    more.emplace_back("member", member_);
    more.emplace_back("generation", number(generation_));
    return Value::map(std::move(more));
  }

  // ---- membership

  void join(Env& env) {
    if (joining_) return;
    joining_ = true;
    const bool cooperative = options_->assignor == Assignor::cooperative_sticky;
    // Eager: everything is given up before anybody knows who gets it.
    if (!cooperative) release(env, {});
    Partitions owned;
    for (const auto& [tp, p] : partitions_) owned.push_back(tp);
    Value::List topics;
    for (const std::string& topic : options_->topics) topics.emplace_back(topic);
    Value body = Value::map({{"group", options_->group},
                             {"member", member_},
                             {"instance", options_->instance},
                             {"topics", Value::list(std::move(topics))},
                             {"owned", to_value(owned)},
                             {"assignor", to_string(options_->assignor)},
                             {"session", to_seconds(options_->profile.session)},
                             {"rebalance", to_seconds(options_->profile.poll_interval)},
                             {"within", to_seconds(options_->profile.poll_interval)}});
    const std::uint64_t attempt = ++join_attempt_;
    const auto wait = options_->profile.poll_interval + std::chrono::seconds(5);
    brokers_.call(env, {.type = "join_group", .body = std::move(body)}, wait,
                  [this, &env, attempt](const Result& result) {
                    if (attempt != join_attempt_) return;
                    joining_ = false;
                    if (!result.ok()) {
                      if (result.error().code == "UNKNOWN_MEMBER_ID") forget();
                      if (result.error().code == "FENCED_INSTANCE_ID") return stop(env);
                      env.after(kBackoff, [this, &env] { rejoin(env); });
                      return;
                    }
                    member_ = text_of((*result)["member"]);
                    generation_ = integer((*result)["generation"]);
                    heard_ = env.now();
                    in_ = true;
                    ++rebalances_;
                    const Partitions given = partitions_of((*result)["partitions"]);
                    const bool gives_up =
                        std::any_of(partitions_.begin(), partitions_.end(), [&](const auto& p) {
                          return std::find(given.begin(), given.end(), p.first) == given.end();
                        });
                    release(env, given);
                    for (const TopicPartition& tp : given) {
                      const auto [found, fresh] = partitions_.try_emplace(tp);
                      if (fresh) begin(env, tp);
                    }
                    // Cooperative: what was given up is free for its new owner when we say so.
                    if (gives_up && options_->assignor == Assignor::cooperative_sticky) rejoin(env);
                  });
  }

  void rejoin(Env& env) {
    if (!stopped_ && !in_work_too_long_) join(env);
  }

  // Without a word to anybody: somebody else may have the partitions already.
  void forget() {
    member_.clear();
    in_ = false;
    partitions_.clear();
  }

  void stop(Env& env) {
    stopped_ = true;
    forget();
    env.log("fenced: another process has this instance id");
  }

  // Gives up all but `kept`, after a last commit of what is done.
  void release(Env& env, const Partitions& kept) {
    Value::List offsets;
    for (auto p = partitions_.begin(); p != partitions_.end();) {
      if (std::find(kept.begin(), kept.end(), p->first) != kept.end()) {
        ++p;
        continue;
      }
      if (in_ && p->second.done > p->second.committed)
        offsets.push_back(offset_of(p->first, p->second, p->second.done));
      p = partitions_.erase(p);
    }
    if (offsets.empty() || member_.empty()) return;
    brokers_.call(env, {.type = "commit", .body = of_group({{"offsets", Value::list(std::move(offsets))}})},
                  kPatience, [](const Result&) {});
  }

  void beat(Env& env) {
    env.after(options_->profile.heartbeat, [this, &env] { beat(env); });
    if (stopped_ || !in_ || joining_) return;
    if (env.now() - heard_ >= options_->profile.session) {
      // Nobody has heard of us for a session, so the partitions are somebody else's.
      forget();
      return rejoin(env);
    }
    for (const auto& [tp, p] : partitions_) {
      if (p.waiting.empty() || env.now() - p.polled < options_->profile.poll_interval) continue;
      // Too slow: the client leaves, and comes back when its work is done.
      env.log("leaves the group: its work takes longer than the poll interval");
      ++kicked_;
      brokers_.call(env, {.type = "leave_group", .body = of_group({})}, kPatience, [](const Result&) {});
      forget();
      in_work_too_long_ = in_flight_ > 0;
      return rejoin(env);
    }
    brokers_.call(env, {.type = "heartbeat", .body = of_group({})}, kPatience,
                  [this, &env, asked = generation_](const Result& result) {
                    if (result.ok()) {
                      heard_ = env.now();
                      return;
                    }
                    if (joining_ || asked != generation_) return;
                    const std::string& code = result.error().code;
                    if (code == "REBALANCE_IN_PROGRESS") {
                      heard_ = env.now();
                      rejoin(env);
                    } else if (code == "UNKNOWN_MEMBER_ID" || code == "ILLEGAL_GENERATION") {
                      forget();
                      rejoin(env);
                    } else if (code == "FENCED_INSTANCE_ID") {
                      stop(env);
                    }
                  });
  }

  // ---- reading and working

  void begin(Env& env, const TopicPartition& tp) {
    const std::uint64_t turn = ++last_turn_;
    partitions_.at(tp).turn = turn;
    brokers_.call(
        env,
        {.type = "committed", .body = of_group({{"topic", tp.topic}, {"partition", number(tp.partition)}})},
        kPatience, [this, &env, tp, turn](const Result& result) {
          Partition* p = mine(tp, turn);
          if (p == nullptr) return;
          if (!result.ok()) return again(env, tp, turn, [this, &env, tp] { begin(env, tp); });
          if ((*result)["offset"].is_number()) {
            p->position = p->done = p->committed = integer((*result)["offset"]);
            p->epoch = integer((*result)["epoch"]);
            return fetch(env, tp);
          }
          look_up(env, tp, options_->from_earliest ? "earliest" : "latest");
        });
  }

  void look_up(Env& env, const TopicPartition& tp, const char* time) {
    const Partition& p = partitions_.at(tp);
    const std::uint64_t turn = p.turn;
    brokers_.call(env,
                  {.type = "list_offsets",
                   .body = Value::map({{"topic", tp.topic},
                                       {"partition", number(tp.partition)},
                                       {"epoch", number(p.epoch)},
                                       {"time", time}})},
                  kPatience, [this, &env, tp, turn, time](const Result& result) {
                    Partition* p = mine(tp, turn);
                    if (p == nullptr) return;
                    if (!result.ok())
                      return again(env, tp, turn, [this, &env, tp, time] { look_up(env, tp, time); });
                    p->position = p->done = integer((*result)["offset"]);
                    fetch(env, tp);
                  });
  }

  Partition* mine(const TopicPartition& tp, std::uint64_t turn) {
    const auto found = partitions_.find(tp);
    return found == partitions_.end() || found->second.turn != turn ? nullptr : &found->second;
  }

  void again(Env& env, const TopicPartition& tp, std::uint64_t turn, std::function<void()> what,
             Duration wait = kBackoff) {
    env.after(wait, [this, tp, turn, what = std::move(what)] {
      if (mine(tp, turn) != nullptr) what();
    });
  }

  void fetch(Env& env, const TopicPartition& tp) {
    Partition& p = partitions_.at(tp);
    if (p.busy || paused_ || p.position < 0) return;
    p.busy = true;
    const std::uint64_t turn = p.turn = ++last_turn_;
    brokers_.call(
        env,
        {.type = "fetch",
         .body = Value::map({{"topic", tp.topic},
                             {"partition", number(tp.partition)},
                             {"offset", number(p.position)},
                             {"epoch", number(p.epoch)},
                             {"max", number(static_cast<std::int64_t>(options_->profile.poll_records))},
                             {"wait", to_seconds(kFetchWait)},
                             {"within", 1},
                             {"reader", options_->group}})},
        kPatience, [this, &env, tp, turn](const Result& result) {
          Partition* p = mine(tp, turn);
          if (p == nullptr) return;
          p->busy = false;
          if (!result.ok()) {
            if (result.error().code == "OFFSET_OUT_OF_RANGE") {
              ++resets_;
              return look_up(env, tp, options_->from_earliest ? "earliest" : "latest");
            }
            return again(env, tp, turn, [this, &env, tp] { fetch(env, tp); });
          }
          for (const Value& record : (*result)["records"].list()) p->waiting.push_back(record);
          p->epoch = std::max(p->epoch, integer((*result)["epoch"]));
          p->polled = env.now();
          // Without records the next fetch waits at the broker; a pause here keeps a broker without a
          // network delay from being asked for ever in one instant.
          if (p->waiting.empty())
            return again(
                env, tp, turn, [this, &env, tp] { fetch(env, tp); }, kIdle);
          work(env, tp);
        });
  }

  void work(Env& env, const TopicPartition& tp) {
    Partition& p = partitions_.at(tp);
    if (p.busy) return;
    if (p.waiting.empty()) return fetch(env, tp);
    p.busy = true;
    const Value record = p.waiting.front();
    const std::int64_t offset = integer(record["offset"]);
    const std::uint64_t turn = p.turn = ++last_turn_;
    const auto hand_over = [this, &env, tp, turn, record, offset] {
      if (mine(tp, turn) == nullptr) return;
      Value body = record.with("topic", tp.topic)
                       .with("partition", number(tp.partition))
                       .with("group", options_->group);
      ++in_flight_;
      inner_->call(env, {.type = "record", .body = std::move(body)},
                   [this, &env, tp, turn, offset, record](const Result& result) {
                     worked(env, tp, turn, offset, record, result);
                   });
    };
    if (options_->commit == StreamConsumerOptions::Commit::before && p.failures == 0)
      return commit(env, tp, offset + 1, hand_over);
    hand_over();
  }

  void worked(Env& env, const TopicPartition& tp, std::uint64_t turn, std::int64_t offset,
              const Value& record, const Result& result) {
    --in_flight_;
    if (in_work_too_long_ && in_flight_ == 0) {
      // The work that was under way when it left is done: it may join again.
      in_work_too_long_ = false;
      rejoin(env);
    }
    if (result.ok()) recorder_.process(env.now(), options_->group, member_, tp, offset);
    Partition* p = mine(tp, turn);
    if (p == nullptr) return;  // it is somebody else's by now, who does it again
    p->busy = false;
    if (!result.ok()) {
      ++failed_;
      if (++p->failures <= options_->retries || options_->failed == StreamConsumerOptions::Failed::block) {
        return again(env, tp, turn, [this, &env, tp] { work(env, tp); });
      }
      if (options_->failed == StreamConsumerOptions::Failed::dead_letter) {
        p->busy = true;
        Value letter = Value::map({{"topic", options_->dead_letters},
                                   {"key", record["key"]},
                                   {"value", record["value"]},
                                   {"headers", Value::map({{"error", result.error().code},
                                                           {"offset", number(offset)},
                                                           {"source", tp.text()}})},
                                   {"acks", "all"},
                                   {"within", 1}});
        brokers_.call(env, {.type = "produce", .body = std::move(letter)}, kPatience,
                      [this, &env, tp, turn, offset](const Result& kept) {
                        Partition* q = mine(tp, turn);
                        if (q == nullptr) return;
                        q->busy = false;
                        if (!kept.ok()) return again(env, tp, turn, [this, &env, tp] { work(env, tp); });
                        ++dead_;
                        recorder_.process(env.now(), options_->group, member_, tp,
                                          offset);  // set aside is dealt with
                        finish(env, tp, offset);
                      });
        return;
      }
      ++skipped_;
    } else {
      ++processed_;
    }
    finish(env, tp, offset);
  }

  void finish(Env& env, const TopicPartition& tp, std::int64_t offset) {
    Partition& p = partitions_.at(tp);
    p.failures = 0;
    p.waiting.pop_front();
    p.position = offset + 1;
    p.done = offset + 1;
    if (options_->commit != StreamConsumerOptions::Commit::after) return work(env, tp);
    p.busy = true;
    const std::uint64_t turn = p.turn;
    commit(env, tp, p.done, [this, &env, tp, turn] {
      if (Partition* q = mine(tp, turn)) {
        q->busy = false;
        work(env, tp);
      }
    });
  }

  // ---- commits

  static Value offset_of(const TopicPartition& tp, const Partition& p, std::int64_t offset) {
    return Value::map({{"topic", tp.topic},
                       {"partition", number(tp.partition)},
                       {"offset", number(offset)},
                       {"epoch", number(p.epoch)}});
  }

  // Commits one partition, and goes on when that is kept.
  void commit(Env& env, const TopicPartition& tp, std::int64_t offset, std::function<void()> then) {
    const std::uint64_t turn = partitions_.at(tp).turn;
    brokers_.call(env,
                  {.type = "commit",
                   .body = of_group({{"offsets", Value::list({offset_of(tp, partitions_.at(tp), offset)})}})},
                  kPatience, [this, &env, tp, turn, offset, then](const Result& result) {
                    Partition* p = mine(tp, turn);
                    if (p == nullptr) return;
                    if (result.ok()) {
                      p->committed = offset;
                      return then();
                    }
                    // While it joins, the generation may be a new one that it has not heard of yet.
                    if (refused_member(result.error().code) && !joining_) {
                      forget();
                      return rejoin(env);
                    }
                    again(env, tp, turn, [this, &env, tp, offset, then] { commit(env, tp, offset, then); });
                  });
  }

  static bool refused_member(const std::string& code) {
    return code == "UNKNOWN_MEMBER_ID" || code == "ILLEGAL_GENERATION" || code == "FENCED_INSTANCE_ID";
  }

  void auto_commit(Env& env) {
    env.after(options_->profile.auto_commit, [this, &env] { auto_commit(env); });
    if (!in_) return;
    Value::List offsets;
    std::vector<std::pair<TopicPartition, std::int64_t>> sent;
    for (auto& [tp, p] : partitions_) {
      if (p.done <= p.committed && !p.moved) continue;
      p.moved = false;
      offsets.push_back(offset_of(tp, p, p.done));
      sent.emplace_back(tp, p.done);
    }
    if (offsets.empty()) return;
    brokers_.call(env, {.type = "commit", .body = of_group({{"offsets", Value::list(std::move(offsets))}})},
                  kPatience, [this, &env, sent](const Result& result) {
                    if (!result.ok()) {
                      if (refused_member(result.error().code) && !joining_) {
                        forget();
                        rejoin(env);
                      }
                      return;
                    }
                    for (const auto& [tp, offset] : sent) {
                      const auto p = partitions_.find(tp);
                      if (p != partitions_.end()) p->second.committed = offset;
                    }
                  });
  }

  Value state() const override {
    Value::Map partitions;
    for (const auto& [tp, p] : partitions_) partitions.emplace_back(tp.text(), number(p.done));
    return Value::map({{"group", options_->group},
                       {"member", member_},
                       {"generation", number(generation_)},
                       {"partitions", Value::map(std::move(partitions))},
                       {"processed", number(static_cast<std::int64_t>(processed_))},
                       {"failed", number(static_cast<std::int64_t>(failed_))},
                       {"skipped", number(static_cast<std::int64_t>(skipped_))},
                       {"dead", number(static_cast<std::int64_t>(dead_))},
                       {"resets", number(static_cast<std::int64_t>(resets_))},
                       {"kicked", number(static_cast<std::int64_t>(kicked_))},
                       {"rebalances", number(static_cast<std::int64_t>(rebalances_))}});
  }

  const std::shared_ptr<const StreamConsumerOptions> options_;
  StreamRecorder recorder_;
  Brokers brokers_;
  std::string member_;
  std::int64_t generation_ = 0;
  bool in_ = false;
  bool joining_ = false;
  bool stopped_ = false;
  bool paused_ = false;
  bool in_work_too_long_ = false;
  std::size_t in_flight_ = 0;  // calls of the service inside
  std::uint64_t join_attempt_ = 0;
  std::uint64_t last_turn_ = 0;
  Instant heard_;
  std::map<TopicPartition, Partition> partitions_;
  std::uint64_t processed_ = 0, failed_ = 0, skipped_ = 0, dead_ = 0, resets_ = 0, kicked_ = 0,
                rebalances_ = 0;
};

class Producer final : public FilterService {
 public:
  Producer(std::shared_ptr<const StreamProducerOptions> options, ServicePtr inner)
      : FilterService("producer", std::move(inner)),
        options_(std::move(options)),
        brokers_(options_->brokers) {}

  void call(Env& env, Request request, Reply reply) override {
    if (request.type != "produce") return inner_->call(env, std::move(request), std::move(reply));
    const std::string topic = text_of(request.body["topic"]);
    Job job{request.body.with("topic", topic), env.now() + options_->delivery_timeout, std::move(reply), -1,
            0};
    if (job.body["time"].is_nil()) job.body = job.body.with("time", to_seconds(env.wall_now()));
    if (job.body["acks"].is_nil())
      job.body = job.body.with("acks", options_->acks < 0 ? Value("all") : Value(options_->acks));
    ++asked_;
    if (!options_->idempotent) {
      auto alone = std::make_shared<Job>(std::move(job));
      return attempt_alone(env, alone);
    }
    jobs_.push_back(std::move(job));
    route(env);
  }

 private:
  struct Job {
    Value body;
    Instant deadline;
    Reply reply;
    std::int64_t sequence;
    std::uint32_t attempts;
  };
  struct Lane {  // of one partition: one at a time, in order
    std::deque<Job> jobs = {};
    bool busy = false;
    std::int64_t next = 0;
    std::string producer = {};
  };

  void fail(Job& job, const Error& error) {
    ++failed_;
    job.reply(error);
  }

  // ---- without idempotence: each by itself

  void attempt_alone(Env& env, const std::shared_ptr<Job>& job) {
    if (++job->attempts > 1) ++retried_;
    brokers_.call(
        env, {.type = "produce", .body = job->body.with("within", to_seconds(options_->request_timeout))},
        options_->request_timeout, [this, &env, job](const Result& result) {
          if (result.ok()) {
            ++acknowledged_;
            return job->reply(result);
          }
          if (hopeless(result.error()) || env.now() >= job->deadline) return fail(*job, result.error());
          env.after(options_->retry_wait, [this, &env, job] { attempt_alone(env, job); });
        });
  }

  // What will fail again, however often it is tried.
  static bool hopeless(const Error& error) {
    const std::string& code = error.code;
    return code == "MESSAGE_TOO_LARGE" || code == "INVALID_RECORD" || code == "INVALID_REQUEST" ||
           code == "INVALID_REQUIRED_ACKS" || code == "UNKNOWN_TOPIC_OR_PARTITION" ||
           code == "DUPLICATE_SEQUENCE_NUMBER";
  }

  // ---- with it

  // Chooses partitions, for which it has to know how many there are.
  void route(Env& env) {
    if (asking_) return;
    while (!jobs_.empty()) {
      Job& job = jobs_.front();
      const std::string topic = text_of(job.body["topic"]);
      const auto count = counts_.find(topic);
      if (count == counts_.end()) return ask(env);
      std::uint32_t partition = 0;
      if (job.body["partition"].is_number()) {
        partition = static_cast<std::uint32_t>(job.body["partition"].number());
      } else {
        partition = job.body["key"].is_nil() ? turn_++ % count->second
                                             : partition_of_key(job.body["key"], count->second);
      }
      job.body = job.body.with("partition", number(partition));
      const TopicPartition tp{topic, partition};
      lanes_[tp].jobs.push_back(std::move(job));
      jobs_.pop_front();
      pump(env, tp);
    }
  }

  void ask(Env& env) {
    asking_ = true;
    brokers_.call(
        env, {.type = "metadata", .body = {}}, options_->request_timeout, [this, &env](const Result& result) {
          const auto retry = [this, &env] {
            env.after(options_->retry_wait, [this, &env] {
              asking_ = false;
              route(env);
            });
          };
          if (!result.ok() || (*result)["brokers"].list().empty()) {
            while (!jobs_.empty() && env.now() >= jobs_.front().deadline) {
              Job late = std::move(jobs_.front());
              jobs_.pop_front();
              fail(late, make_error("timeout", "no broker told where the partitions are"));
            }
            return retry();
          }
          asking_ = false;
          for (const auto& [topic, t] : (*result)["topics"].map()) {
            counts_[topic] = static_cast<std::uint32_t>(t["partitions"].list().size());
          }
          while (!jobs_.empty() && !counts_.contains(text_of(jobs_.front().body["topic"]))) {
            Job job = std::move(jobs_.front());
            jobs_.pop_front();
            fail(job,
                 Error{"UNKNOWN_TOPIC_OR_PARTITION", "there is no topic " + job.body["topic"].json(), true});
          }
          route(env);
        });
  }

  void pump(Env& env, const TopicPartition& tp) {
    Lane& lane = lanes_[tp];
    if (lane.busy || lane.jobs.empty()) return;
    lane.busy = true;
    if (lane.producer.empty()) {
      brokers_.call(env, {.type = "init_producer", .body = {}}, options_->request_timeout,
                    [this, &env, tp](const Result& result) {
                      Lane& l = lanes_[tp];
                      l.busy = false;
                      if (result.ok()) {
                        l.producer = text_of((*result)["producer"]);
                        l.next = 0;
                        for (Job& job : l.jobs) job.sequence = -1;
                      }
                      if (result.ok()) return pump(env, tp);
                      if (!l.jobs.empty() && env.now() >= l.jobs.front().deadline) {
                        Job late = std::move(l.jobs.front());
                        l.jobs.pop_front();
                        fail(late, result.error());
                      }
                      env.after(options_->retry_wait, [this, &env, tp] { pump(env, tp); });
                    });
      return;
    }
    Job& job = lane.jobs.front();
    if (job.sequence < 0) job.sequence = lane.next++;
    if (++job.attempts > 1) ++retried_;
    Value body = job.body.with("producer", lane.producer)
                     .with("sequence", number(job.sequence))
                     .with("within", to_seconds(options_->request_timeout));
    brokers_.call(env, {.type = "produce", .body = std::move(body)}, options_->request_timeout,
                  [this, &env, tp](const Result& result) {
                    Lane& l = lanes_[tp];
                    l.busy = false;
                    Job& head = l.jobs.front();
                    if (!result.ok() && !hopeless(result.error()) && env.now() < head.deadline) {
                      env.after(options_->retry_wait, [this, &env, tp] { pump(env, tp); });
                      return;
                    }
                    Job done = std::move(head);
                    l.jobs.pop_front();
                    if (result.ok() || result.error().code == "DUPLICATE_SEQUENCE_NUMBER") {
                      ++acknowledged_;
                      done.reply(result.ok() ? result
                                             : Result(Value::map({{"topic", tp.topic},
                                                                  {"partition", number(tp.partition)},
                                                                  {"duplicate", true}})));
                    } else {
                      // Nobody knows what became of this sequence, or the broker knows another one: begin
                      // with a new id.
                      l.producer.clear();
                      fail(done, result.error());
                    }
                    pump(env, tp);
                  });
  }

  Value state() const override {
    std::size_t waiting = jobs_.size();
    for (const auto& [tp, lane] : lanes_) waiting += lane.jobs.size();
    const auto n = [](auto count) { return number(static_cast<std::int64_t>(count)); };
    return Value::map({{"asked", n(asked_)},
                       {"acknowledged", n(acknowledged_)},
                       {"failed", n(failed_)},
                       {"retried", n(retried_)},
                       {"waiting", n(waiting)}});
  }

  const std::shared_ptr<const StreamProducerOptions> options_;
  Brokers brokers_;
  std::deque<Job> jobs_;
  bool asking_ = false;
  std::uint32_t turn_ = 0;
  std::map<std::string, std::uint32_t> counts_;
  std::map<TopicPartition, Lane> lanes_;
  std::uint64_t asked_ = 0, acknowledged_ = 0, failed_ = 0, retried_ = 0;
};

}  // namespace

Filter make_stream_consumer(StreamConsumerOptions options) {
  const auto shared = std::make_shared<const StreamConsumerOptions>(std::move(options));
  return [shared](ServicePtr inner) { return std::make_shared<Consumer>(shared, std::move(inner)); };
}

Filter make_stream_producer(StreamProducerOptions options) {
  const auto shared = std::make_shared<const StreamProducerOptions>(std::move(options));
  return [shared](ServicePtr inner) { return std::make_shared<Producer>(shared, std::move(inner)); };
}

}  // namespace syslab

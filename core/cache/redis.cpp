#include "core/cache/redis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/hash/crc16.hpp"

namespace syslab {
namespace {

constexpr const char* kConf = "nodes.conf";

std::uint64_t number(const Value& value) {
  return value.is_number() && value.number() >= 0 ? static_cast<std::uint64_t>(value.number()) : 0;
}

Value to_value(std::uint64_t n) {
  return static_cast<double>(n);
}

// A name for a history that a double holds exactly; 0 is no history.
std::uint64_t new_history(Env& env) {
  return (env.rng().next() >> 12) + 1;
}

}  // namespace

RedisNode::RedisNode(RedisOptions options)
    : options_(std::move(options)),
      commands_(options_.cache(), options_.commands),
      interval_(std::min<Duration>(std::chrono::seconds(1), options_.node_timeout / 10)) {}

void RedisNode::on_start(Env& env) {
  const std::vector<NodeId>& members = *options_.members;
  self_ = *member(env.self());
  shard_ = self_ % options_.shards;
  started_ = env.now();
  peers_.assign(members.size(), Peer{});
  votes_.assign(members.size(), false);
  shards_.resize(options_.shards);
  for (std::size_t s = 0; s < shards_.size(); ++s) shards_[s].primary = s;
  if (const Result conf = env.disk().peek(kConf); conf.ok()) {
    current_epoch_ = number((*conf)["epoch"]);
    last_vote_ = number((*conf)["vote"]);
    for (std::size_t s = 0; s < shards_.size(); ++s) {
      const Value& shard = (*conf)["shards"].list()[s];
      shards_[s] = {static_cast<std::size_t>(number(shard["primary"])), number(shard["epoch"])};
    }
  }
  if (is_primary()) history_ = new_history(env);
  note_offset(env);
  for (std::size_t m = 0; m < peers_.size(); ++m) {
    if (m != self_) ping(env, m, true);
  }
  env.after(interval_, [this, &env] { tick(env); });
}

bool RedisNode::is_voter(std::size_t m) const {
  return options_.shards < 3 || shards_[m % options_.shards].primary == m;
}

std::size_t RedisNode::majority() const {
  return (options_.shards < 3 ? peers_.size() : options_.shards) / 2 + 1;
}

std::optional<std::size_t> RedisNode::member(NodeId node) const {
  const auto found = std::find(options_.members->begin(), options_.members->end(), node);
  if (found == options_.members->end()) return std::nullopt;
  return static_cast<std::size_t>(found - options_.members->begin());
}

bool RedisNode::silent(Env& env, std::size_t m) const {
  return m != self_ && env.now() - peers_[m].heard.value_or(started_) > options_.node_timeout;
}

bool RedisNode::cut_off(Env& env) const {
  std::size_t heard = 0;
  for (std::size_t m = 0; m < peers_.size(); ++m) {
    heard += is_voter(m) && (m == self_ || (peers_[m].heard && !silent(env, m)));
  }
  return heard < majority();
}

std::size_t RedisNode::good_replicas(Env& env) const {
  std::size_t good = 0;
  for (std::size_t m = shard_; m < peers_.size(); m += options_.shards) {
    good += m != self_ && peers_[m].acked && env.now() - *peers_[m].acked <= options_.max_lag;
  }
  return good;
}

// ---- who is who

void RedisNode::tick(Env& env) {
  for (std::size_t m = 0; m < peers_.size(); ++m) {
    if (m != self_) ping(env, m);
  }
  if (!is_primary() && silent(env, shards_[shard_].primary)) {
    if (election_ != 0 && env.now() < election_over_) {
      ask_for_votes(env);
    } else {
      plan_election(env);
    }
  }
  env.after(interval_, [this, &env] { tick(env); });
}

// A node that starts says hello, which is answered at once.
void RedisNode::ping(Env& env, std::size_t to, bool hello) {
  env.send((*options_.members)[to], "ping",
           Value::map({{"shard", to_value(shard_)},
                       {"primary", is_primary()},
                       {"epoch", to_value(shards_[shard_].epoch)},
                       {"current", to_value(current_epoch_)},
                       {"history", to_value(history_)},
                       {"offset", to_value(offset_)},
                       {"hello", hello}}));
}

void RedisNode::on_ping(Env& env, std::size_t from, const Value& body) {
  Peer& peer = peers_[from];
  peer.heard = env.now();
  if (body["hello"].truthy()) ping(env, from);
  current_epoch_ = std::max(current_epoch_, number(body["current"]));
  const std::size_t shard = number(body["shard"]);
  const std::uint64_t epoch = number(body["epoch"]);
  const bool same_history = number(body["history"]) == history_;
  if (shard == shard_) peer.offset = same_history ? number(body["offset"]) : 0;
  if (body["primary"].truthy()) {
    if (epoch < shards_[shard].epoch) {
      // It was away and does not know yet.
      env.send((*options_.members)[from], "update",
               Value::map({{"shard", to_value(shard)},
                           {"primary", to_value(shards_[shard].primary)},
                           {"epoch", to_value(shards_[shard].epoch)}}));
      return;
    }
    learn_primary(env, shard, from, epoch);
    const bool mine = shard == shard_ && !is_primary();
    if (mine && (!same_history || number(body["offset"]) > offset_)) ask_for_sync(env);
  } else if (shard == shard_ && is_primary() && same_history) {
    peer.acked = env.now();
  }
}

void RedisNode::learn_primary(Env& env, std::size_t shard, std::size_t primary, std::uint64_t epoch) {
  Shard& known = shards_[shard];
  if (epoch <= known.epoch) return;
  const bool deposed = shard == shard_ && is_primary() && primary != self_;
  known = {primary, epoch};
  current_epoch_ = std::max(current_epoch_, epoch);
  if (shard == shard_) election_ = 0;
  if (deposed) {
    was_primary_ = true;
    promoted_at_.reset();
    env.log("no longer primary", Value::map({{"epoch", to_value(epoch)}}));
    ask_for_sync(env);
  }
  save(env, [] {});
}

void RedisNode::save(Env& env, std::function<void()> then) {
  Value::List shards;
  for (const Shard& shard : shards_) {
    shards.push_back(Value::map({{"primary", to_value(shard.primary)}, {"epoch", to_value(shard.epoch)}}));
  }
  env.disk().write(kConf,
                   Value::map({{"epoch", to_value(current_epoch_)},
                               {"vote", to_value(last_vote_)},
                               {"shards", Value::list(std::move(shards))}}),
                   [](const Result&) {});
  env.disk().sync([then = std::move(then)](const Result& result) {
    if (result.ok()) then();
  });
}

// ---- failover

// Ranks keep two replicas from splitting the votes: who knows more goes first.
void RedisNode::plan_election(Env& env) {
  if (election_planned_) return;
  election_planned_ = true;
  std::int64_t rank = 0;
  for (std::size_t m = shard_; m < peers_.size(); m += options_.shards) {
    const bool ahead = peers_[m].offset > offset_ || (peers_[m].offset == offset_ && m < self_);
    rank += m != self_ && m != shards_[shard_].primary && !silent(env, m) && ahead;
  }
  const Duration random = from_seconds(0.5 * env.rng().unit());
  env.after(std::chrono::milliseconds(500) + random + std::chrono::seconds(rank), [this, &env] {
    election_planned_ = false;
    if (!is_primary() && silent(env, shards_[shard_].primary)) start_election(env);
  });
}

void RedisNode::start_election(Env& env) {
  election_ = ++current_epoch_;
  last_vote_ = election_;
  votes_.assign(votes_.size(), false);
  votes_[self_] = is_voter(self_);
  election_over_ = saturating_add(env.now(), 2 * options_.node_timeout);
  env.log("stands for primary", Value::map({{"epoch", to_value(election_)}, {"offset", to_value(offset_)}}));
  save(env, [this, &env] { ask_for_votes(env); });
}

void RedisNode::ask_for_votes(Env& env) {
  for (std::size_t m = 0; m < peers_.size(); ++m) {
    if (m == self_ || votes_[m] || !is_voter(m)) continue;
    env.send((*options_.members)[m], "vote_request",
             Value::map({{"epoch", to_value(election_)}, {"shard", to_value(shard_)}}));
  }
}

void RedisNode::on_vote_request(Env& env, std::size_t from, const Value& body) {
  const std::uint64_t epoch = number(body["epoch"]);
  const std::size_t shard = number(body["shard"]);
  if (!is_voter(self_) || epoch <= last_vote_ || epoch < current_epoch_ ||
      !silent(env, shards_[shard].primary))
    return;
  last_vote_ = current_epoch_ = epoch;
  save(env, [this, &env, from, epoch] {
    env.send((*options_.members)[from], "vote", Value::map({{"epoch", to_value(epoch)}}));
  });
}

void RedisNode::on_vote(Env& env, std::size_t from, const Value& body) {
  if (election_ == 0 || number(body["epoch"]) != election_ || is_primary()) return;
  votes_[from] = is_voter(from);
  if (static_cast<std::size_t>(std::count(votes_.begin(), votes_.end(), true)) >= majority())
    become_primary(env);
}

void RedisNode::become_primary(Env& env) {
  shards_[shard_] = {self_, std::exchange(election_, 0)};
  prior_history_ = std::exchange(history_, new_history(env));
  prior_upto_ = offset_;
  promoted_at_ = offset_;
  for (Peer& peer : peers_) peer.acked.reset();
  env.log("becomes primary",
          Value::map({{"epoch", to_value(shards_[shard_].epoch)}, {"offset", to_value(offset_)}}));
  save(env, [] {});
  for (std::size_t m = 0; m < peers_.size(); ++m) {
    if (m != self_) ping(env, m);
  }
}

// ---- replication

void RedisNode::note_offset(Env& env) {
  env.metrics().gauge("redis_offset").set(static_cast<double>(offset_));
}

void RedisNode::remember(Value command) {
  backlog_bytes_ += command.size_bytes();
  backlog_.push_back(std::move(command));
  while (backlog_bytes_ > options_.backlog_bytes) {
    backlog_bytes_ -= backlog_.front().size_bytes();
    backlog_.pop_front();
  }
}

void RedisNode::append(Env& env, const Request& request) {
  const Value command = Value::map({{"type", request.type}, {"body", request.body}});
  ++offset_;
  note_offset(env);
  remember(command);
  const Value body = Value::map(
      {{"history", to_value(history_)}, {"offset", to_value(offset_)}, {"commands", Value::list({command})}});
  for (std::size_t m = shard_; m < peers_.size(); m += options_.shards) {
    if (m != self_) env.send((*options_.members)[m], "replicate", body);
  }
}

void RedisNode::ask_for_sync(Env& env) {
  if (sync_asked_ && env.now() - *sync_asked_ < std::chrono::seconds(1)) return;
  sync_asked_ = env.now();
  env.send((*options_.members)[shards_[shard_].primary], "sync",
           Value::map({{"history", to_value(history_)}, {"offset", to_value(offset_)}}));
}

void RedisNode::on_sync(Env& env, std::size_t from, const Value& body) {
  if (!is_primary()) return;
  const std::uint64_t history = number(body["history"]);
  const std::uint64_t offset = number(body["offset"]);
  const bool shares = (history == history_ && offset <= offset_) ||
                      (history != 0 && history == prior_history_ && offset <= prior_upto_);
  Value::Map answer = {{"history", to_value(history_)}, {"offset", to_value(offset_)}};
  if (shares && offset_ - offset <= backlog_.size()) {
    const auto missing = static_cast<std::ptrdiff_t>(offset_ - offset);
    answer.emplace_back("commands", Value::list(Value::List(backlog_.end() - missing, backlog_.end())));
    env.send((*options_.members)[from], "continue", Value::map(std::move(answer)));
    return;
  }
  answer.emplace_back("prior", to_value(prior_history_));
  answer.emplace_back("prior_upto", to_value(prior_upto_));
  answer.emplace_back("entries", commands_.snapshot(env.now()));
  env.send((*options_.members)[from], "snapshot", Value::map(std::move(answer)));
}

void RedisNode::on_replicate(Env& env, std::size_t from, const Value& body) {
  if (is_primary() || from != shards_[shard_].primary) return;
  peers_[from].heard = env.now();
  const std::uint64_t last = number(body["offset"]);
  const std::uint64_t count = body["commands"].list().size();
  if (number(body["history"]) != history_ || last > offset_ + count) {
    ask_for_sync(env);
  } else {
    apply(env, body["commands"], last);
  }
}

void RedisNode::on_continue(Env& env, const Value& body) {
  if (is_primary()) return;
  const std::uint64_t last = number(body["offset"]);
  // What has come meanwhile may overlap; a gap cannot be, links are first in, first out.
  if (last > offset_ + body["commands"].list().size()) return;
  ++partial_syncs_;
  sync_asked_.reset();
  was_primary_ = false;
  history_ = number(body["history"]);
  apply(env, body["commands"], last);
}

void RedisNode::on_snapshot(Env& env, const Value& body) {
  if (is_primary()) return;
  ++full_syncs_;
  sync_asked_.reset();
  const std::uint64_t upto = number(body["prior_upto"]);
  if (was_primary_ && history_ == number(body["prior"]) && offset_ > upto) {
    discarded_ += offset_ - upto;
    env.metrics().counter("redis_discarded_total").add(offset_ - upto);
    env.log(fmt::format("discards {} writes that the new primary does not know", offset_ - upto));
  }
  was_primary_ = false;
  history_ = number(body["history"]);
  offset_ = number(body["offset"]);
  note_offset(env);
  backlog_.clear();
  backlog_bytes_ = 0;
  commands_.restore(env.now(), body["entries"]);
}

// The commands up to `last`, as far as they are new. Requires: no gap before them.
void RedisNode::apply(Env& env, const Value& commands, std::uint64_t last) {
  const Value::List& list = commands.list();
  if (last <= offset_) return;
  for (std::size_t i = list.size() - (last - offset_); i < list.size(); ++i) {
    Request command;
    command.type = std::string(list[i]["type"].string());
    command.body = list[i]["body"];
    commands_.execute(env.now(), command);
    ++offset_;
    remember(list[i]);
  }
  note_offset(env);
}

// ---- dispatch

void RedisNode::on_message(Env& env, const Message& message) {
  const std::optional<std::size_t> from = member(message.from);
  if (!from) return;
  const Value& body = message.body;
  if (message.type == "ping") {
    on_ping(env, *from, body);
  } else if (message.type == "replicate") {
    on_replicate(env, *from, body);
  } else if (message.type == "sync") {
    on_sync(env, *from, body);
  } else if (message.type == "continue") {
    on_continue(env, body);
  } else if (message.type == "snapshot") {
    on_snapshot(env, body);
  } else if (message.type == "vote_request") {
    on_vote_request(env, *from, body);
  } else if (message.type == "vote") {
    on_vote(env, *from, body);
  } else if (message.type == "update") {
    learn_primary(env, number(body["shard"]), number(body["primary"]), number(body["epoch"]));
  }
}

void RedisNode::on_request(Env& env, const Request& request, Reply reply) {
  const auto name = [&](std::size_t m) { return env.name_of((*options_.members)[m]); };
  const std::size_t shard = request.key().is_nil() ? shard_ : redis_shard(request.key(), options_.shards);
  if (shard != shard_ || !is_primary()) {
    reply(make_error("not_leader", fmt::format("the key is with '{}'", name(shards_[shard].primary))));
    return;
  }
  if (cut_off(env)) {
    reply(make_error("unavailable", "most of the cluster is out of reach"));
    return;
  }
  const bool writes = CacheCommands::writes(request);
  if (writes && good_replicas(env) < options_.min_replicas) {
    reply(make_error("unavailable", fmt::format("fewer than {} replicas keep up", options_.min_replicas)));
    return;
  }
  const Result result = commands_.execute(env.now(), request);
  // `add` and `delete` answer false where they changed nothing.
  if (writes && result.ok() && result->truthy()) append(env, request);
  reply(result);
}

Value RedisNode::show() const {
  const Shard& shard = shards_.empty() ? Shard{} : shards_[shard_];
  Value shown = commands_.show()
                    .with("role", is_primary() ? "primary" : "replica")
                    .with("shard", to_value(shard_ + 1))
                    .with("epoch", to_value(shard.epoch))
                    .with("offset", to_value(offset_))
                    .with("discarded", to_value(discarded_))
                    .with("full_syncs", to_value(full_syncs_))
                    .with("partial_syncs", to_value(partial_syncs_));
  return promoted_at_ ? shown.with("promoted_at", to_value(*promoted_at_)) : shown;
}

// ---- the client

std::size_t redis_shard(const Value& key, std::size_t shards) {
  // As on the wire, where a number is its digits. The ranges are those of `redis-cli --cluster create`: shard
  // i begins at i * 16384 / shards, rounded.
  const std::size_t slot = redis_slot(key.is_string() ? std::string(key.string()) : key.json());
  std::size_t shard = slot * shards / kRedisSlots;
  const auto first = [&](std::size_t i) { return (2 * i * kRedisSlots + shards) / (2 * shards); };
  while (shard + 1 < shards && first(shard + 1) <= slot) ++shard;
  while (first(shard) > slot) --shard;
  return shard;
}

namespace {

class RedisClient final : public Service {
 public:
  explicit RedisClient(const RedisOptions& options)
      : members_(options.members),
        shards_(options.shards),
        of_shard_(options.replicas + 1),
        timeout_(options.timeout),
        turn_(options.shards, 0) {}

  void call(Env& env, Request request, Reply reply) override {
    const std::size_t shard = request.key().is_nil() ? 0 : redis_shard(request.key(), shards_);
    attempt(env, shard, of_shard_, std::move(request), std::move(reply));
  }

 private:
  // Asks the member whose turn it is; `left` members have not been asked, this one included.
  void attempt(Env& env, std::size_t shard, std::size_t left, Request request, Reply reply) {
    const std::size_t turn = turn_[shard];
    env.call((*members_)[shard + turn * shards_], request, timeout_,
             [this, &env, shard, left, turn, request, reply = std::move(reply)](Result result) mutable {
               const std::string code = result.ok() ? "" : result.error().code;
               const bool refused = code == "not_leader" || code == "connection_refused";
               const bool lost = code == "timeout" || code == "connection_reset" || code == "unavailable";
               // Others may have moved on meanwhile.
               if ((refused || lost) && turn_[shard] == turn) turn_[shard] = (turn + 1) % of_shard_;
               if (refused && left > 1) {
                 attempt(env, shard, left - 1, std::move(request), std::move(reply));
               } else {
                 reply(std::move(result));
               }
             });
  }

  const std::shared_ptr<const std::vector<NodeId>> members_;
  const std::size_t shards_;
  const std::size_t of_shard_;
  const Duration timeout_;
  std::vector<std::size_t> turn_;  // of each shard, who is the primary as far as this client knows
};

}  // namespace

ServicePtr make_redis_client(const RedisOptions& options) {
  SYSLAB_ASSERT(options.members != nullptr);
  return std::make_shared<RedisClient>(options);
}

}  // namespace syslab

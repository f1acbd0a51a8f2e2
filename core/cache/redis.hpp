// A Redis cluster as a cache: shards of one primary and some replicas, each process with one thread.
//
// A key belongs to a slot and a slot to a shard. The primary of a shard answers reads and writes, one after
// the other, and passes each write on to its replicas after it has answered: what it had not passed on when
// it fails is lost (metric redis_offset: how many writes it had executed; `promoted_at` of the next primary:
// how many of them that one knew). A primary that was cut off and finds a newer one throws away what only it
// knows (`discarded`).
//
// Failover. All nodes ping each other. A replica that has not heard its primary for `node_timeout` waits 0.5
// to 1 s, and 1 s more for each replica of the shard that knows more, and asks for votes; with a majority it
// is the primary, under a higher epoch. The primaries vote; with fewer than three shards all nodes do. A
// primary that has not heard a majority of the voters for `node_timeout`, or since it started, answers
// `unavailable`, so a cut-off primary takes writes for at most that long. With `min_replicas` it also refuses
// writes when fewer replicas than that were heard from within `max_lag`.
//
// A node keeps epochs and roles on its disk, but no data: a primary that crashes and is back before anybody
// calls for a vote is still the primary, and its replicas copy its emptiness. A replica that was away
// continues from where it was, if the primary's backlog reaches back as far; else it copies everything.
//
// Requests as in commands.hpp. Errors: not_leader (definite) from a node that is not the primary of the key's
// shard, unavailable (definite) as above.
//
// Where it differs from Redis: with fewer than three shards all nodes vote, so that one shard with two
// replicas can do without a third party; there is no FAIL flag by gossip (each voter decides by itself), no
// slot migration, no reads from replicas; replicas evict by themselves instead of being told what was
// evicted.
//
// Cost: a message for each write and replica; n^2 pings a second at most. Source: Redis Cluster
// specification. Defaults named after Redis 7: node timeout 15 s, backlog 1 MiB, min-replicas-max-lag 10 s
// (config.c).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/cache/commands.hpp"
#include "core/runtime/node.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

struct RedisOptions {
  std::size_t shards = 1;
  std::size_t replicas = 2;  // of each shard, beside its primary
  std::function<std::unique_ptr<Cache>()> cache = nullptr;
  CacheCommandOptions commands = {.overhead_bytes = 64, .evicts = false};
  Duration node_timeout = std::chrono::seconds(15);
  std::uint64_t backlog_bytes = 1ull << 20;
  std::size_t min_replicas = 0;
  Duration max_lag = std::chrono::seconds(10);
  Duration timeout = std::chrono::milliseconds(100);  // of a client
  // All nodes: member i is of shard i % shards; the first `shards` of them begin as primaries. Filled before
  // the first of them starts.
  std::shared_ptr<const std::vector<NodeId>> members = nullptr;
};

class RedisNode final : public Node {
 public:
  explicit RedisNode(RedisOptions options);

  void on_start(Env& env) override;
  void on_message(Env& env, const Message& message) override;
  void on_request(Env& env, const Request& request, Reply reply) override;
  // role ("primary", "replica"), shard, epoch, primary, offset, promoted_at, discarded, full_syncs,
  // partial_syncs, and what the commands show.
  Value show() const override;

 private:
  struct Peer {
    std::optional<Instant> heard = {};  // since this process began
    std::uint64_t offset = 0;           // as it said last, where it replicates the same history
    std::optional<Instant> acked = {};
  };
  struct Shard {
    std::size_t primary = 0;  // a member
    std::uint64_t epoch = 0;  // under which it became that
  };

  bool is_primary() const { return shards_[shard_].primary == self_; }
  // With three shards or more the primaries vote, with fewer everybody does.
  bool is_voter(std::size_t member) const;
  std::size_t majority() const;
  bool silent(Env& env, std::size_t member) const;
  bool cut_off(Env& env) const;
  std::size_t good_replicas(Env& env) const;
  std::optional<std::size_t> member(NodeId node) const;

  void tick(Env& env);
  void ping(Env& env, std::size_t to, bool hello = false);
  void on_ping(Env& env, std::size_t from, const Value& body);
  void learn_primary(Env& env, std::size_t shard, std::size_t primary, std::uint64_t epoch);
  void save(Env& env, std::function<void()> then);

  void plan_election(Env& env);
  void start_election(Env& env);
  void ask_for_votes(Env& env);
  void on_vote_request(Env& env, std::size_t from, const Value& body);
  void on_vote(Env& env, std::size_t from, const Value& body);
  void become_primary(Env& env);

  void append(Env& env, const Request& command);
  void remember(Value command);
  void ask_for_sync(Env& env);
  void on_sync(Env& env, std::size_t from, const Value& body);
  void on_replicate(Env& env, std::size_t from, const Value& body);
  void on_continue(Env& env, const Value& body);
  void on_snapshot(Env& env, const Value& body);
  void apply(Env& env, const Value& commands, std::uint64_t last);
  void note_offset(Env& env);

  RedisOptions options_;
  CacheCommands commands_;
  Duration interval_;
  Instant started_;
  std::size_t self_ = 0;   // in members
  std::size_t shard_ = 0;  // of this node
  std::vector<Peer> peers_;
  std::vector<Shard> shards_;
  std::uint64_t current_epoch_ = 0;
  std::uint64_t last_vote_ = 0;  // the epoch

  // A history of writes has a name; a new primary begins one, which goes on from another up to an offset.
  std::uint64_t history_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t prior_history_ = 0;
  std::uint64_t prior_upto_ = 0;
  std::deque<Value> backlog_;  // the commands up to offset_
  std::uint64_t backlog_bytes_ = 0;

  std::uint64_t election_ = 0;  // the epoch it stands for, or 0
  std::vector<bool> votes_;
  bool election_planned_ = false;
  Instant election_over_;
  std::optional<Instant> sync_asked_;

  bool was_primary_ = false;  // since its last sync
  std::optional<std::uint64_t> promoted_at_;
  std::uint64_t discarded_ = 0;
  std::uint64_t full_syncs_ = 0;  // as a replica
  std::uint64_t partial_syncs_ = 0;
};

// The shard of a key: by its slot, of which each shard has an equal range.
std::size_t redis_shard(const Value& key, std::size_t shards);

// The client's side: sends a request to the primary of the key's shard as far as it knows, and asks the next
// member of the shard where that one refuses or is not it. Requires: options.members is set.
ServicePtr make_redis_client(const RedisOptions& options);

}  // namespace syslab

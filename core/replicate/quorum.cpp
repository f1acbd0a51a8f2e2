#include "core/replicate/quorum.hpp"

#include <algorithm>

#include "core/replicate/numbers.hpp"
#include "core/replicate/versions.hpp"
#include "core/runtime/service.hpp"  // answer

namespace syslab {
namespace {

using numbers::number;

Value index_of(NodeId node) {
  return number(node.index);
}
NodeId node_of(const Value& v) {
  return NodeId{static_cast<std::uint32_t>(v.number())};
}
std::uint64_t content_hash(const Value& record) {
  return record.hash(0x6d65726b6c65);
}

// Whether it can be a context: what a read said, or nothing.
bool is_clock(const Value& v) {
  if (v.is_nil()) return true;
  return v.is_map() && std::all_of(v.map().begin(), v.map().end(),
                                   [](const Value::Entry& entry) { return entry.second.is_number(); });
}

}  // namespace

// ---- the ring

std::vector<NodeId> Quorum::ring_order(const Value& key) const {
  std::vector<NodeId> order;
  for (const std::size_t place : ring_->place_replicas(hash_key(key), ring_nodes_.size())) {
    order.push_back(ring_nodes_[place]);
  }
  return order;
}

std::vector<NodeId> Quorum::homes(const Value& key, std::size_t n) const {
  std::vector<NodeId> order = ring_order(key);
  order.resize(std::min(n, order.size()));
  return order;
}

bool Quorum::suspected(Env& env, NodeId node) const {
  const auto found = suspects_.find(node);
  return found != suspects_.end() && env.now() < found->second;
}

void Quorum::ask(Env& env, NodeId to, std::string type, Value body, Reply reply) {
  if (to == env.self()) return on_request(env, {std::move(type), std::move(body), to}, std::move(reply));
  env.call(to, {std::move(type), std::move(body)}, options_.patience,
           [this, &env, to, reply = std::move(reply)](const Result& result) {
             if (result.ok()) {
               suspects_.erase(to);
             } else if (is_fault(result.error())) {
               suspect(env, to);
             }
             reply(result);
           });
}

// ---- the replica
//
// The log has {epoch}; {key, record}, where no record says that a tombstone was purged; and {key, home,
// record, since} for hints, where no record says that it is gone.

void Quorum::on_start(Env& env) {
  std::vector<PlacedNode> placed;
  for (const NodeId member : *options_.members) placed.push_back({env.name_of(member)});
  ring_ = std::make_unique<Ring>(RingOptions{std::move(placed), options_.points});
  for (const PlacedNode& node : ring_->nodes()) ring_nodes_.push_back(*env.find(node.name));

  if (!log_.load(env, [&](const Value& record) { load(env, record); })) {
    return env.log("the disk cannot be read: this replica does nothing");
  }
  if (options_.watch != nullptr) {
    options_.watch->restarted(
        env.self(), [this](const Value& key) { return record_of(key); },
        [this](NodeId home, const Value& key) {
          const auto kept = hints_[home].find(key);
          return kept == hints_[home].end() ? Value() : kept->second.record;
        });
  }
  // A stamp or an actor of this start must never be used again, so it is on disk before there is one.
  ++epoch_;
  log_.append(env, Value::map({{"epoch", epoch_}}));
  log_.when_durable(env, [this] { ready_ = true; });
  if (options_.hints) env.after(options_.hint_every, [this, &env] { deliver_hints(env); });
  if (options_.anti_entropy > Duration::zero()) {
    env.after(options_.anti_entropy, [this, &env] { compare(env); });
  }
}

void Quorum::load(Env& env, const Value& record) {
  if (record["epoch"].is_number()) {
    epoch_ = record["epoch"].number();
  } else if (record["home"].is_number()) {
    std::map<Value, Hint>& hints = hints_[node_of(record["home"])];
    if (record["record"].is_nil()) {
      hints.erase(record["key"]);
    } else {
      const Instant since(Duration(static_cast<std::int64_t>(record["since"].number())));
      hints[record["key"]] = {record["record"], std::min(since, env.now())};
    }
  } else if (record["record"].is_nil()) {
    records_.erase(record["key"]);
  } else {
    records_[record["key"]] = record["record"];
  }
}

void Quorum::rewrite_if_long(Env& env) {
  std::size_t live = records_.size() + 1;
  for (const auto& [home, hints] : hints_) live += hints.size();
  if (log_.size() < 2 * live + 200 || log_.rewriting()) return;
  Value::List all = {Value::map({{"epoch", epoch_}})};
  for (const auto& [key, record] : records_) all.push_back(Value::map({{"key", key}, {"record", record}}));
  for (const auto& [home, hints] : hints_) {
    for (const auto& [key, hint] : hints) {
      all.push_back(Value::map({{"key", key},
                                {"home", index_of(home)},
                                {"record", hint.record},
                                {"since", static_cast<double>(hint.since.time_since_epoch().count())}}));
    }
  }
  log_.rewrite(env, std::move(all));
}

Value Quorum::record_of(const Value& key) const {
  const auto found = records_.find(key);
  return found == records_.end() ? Value() : found->second;
}

bool Quorum::expired(Env& env, const Value& record) const {
  if (!is_tombstone(record)) return false;
  return to_seconds(env.wall_now()) >= tombstone_time(record) + to_seconds(options_.grace);
}

Value Quorum::merged(const Value& mine, const Value& theirs) const {
  if (bug(QuorumBug::applies_older)) return theirs;
  Value both = merge_records(mine, theirs);
  if (bug(QuorumBug::siblings_dropped) && versions_of(both).size() > 1) {
    both = both.with("versions", Value::list({versions_of(both).back()}));
  }
  return both;
}

// Takes a record in place of what there was, nil to have none.
void Quorum::put(Env& env, const Value& key, Value record) {
  ++changes_;
  log_.append(env, Value::map({{"key", key}, {"record", record}}));
  if (record.is_nil()) {
    records_.erase(key);
  } else {
    records_[key] = std::move(record);
  }
  rewrite_if_long(env);
}

void Quorum::apply(Env& env, const Value& key, const Value& record, std::function<void()> done) {
  const Value mine = record_of(key);
  Value both = merged(mine, record);
  if (bug(QuorumBug::tombstone_forgotten) && is_tombstone(both)) both = Value();
  const bool pointless = mine.is_nil() && !both.is_nil() && expired(env, both);
  if (!pointless && !(both == mine)) put(env, key, both);
  if (bug(QuorumBug::ack_before_disk)) return done();
  log_.when_durable(env, [this, &env, key, both, pointless, done = std::move(done)] {
    if (options_.watch != nullptr && !pointless) options_.watch->holds(env.self(), key, both);
    done();
  });
}

void Quorum::keep_hint(Env& env, NodeId home, const Value& key, const Value& record,
                       std::function<void()> done) {
  auto& hints = hints_[home];
  const auto known = hints.find(key);
  const Value before = known == hints.end() ? Value() : known->second.record;
  const Value both = merge_records(before, record);
  if (!(both == before)) {
    if (known == hints.end()) ++hinted_;
    const Instant since = known == hints.end() ? env.now() : known->second.since;
    hints[key] = {both, since};
    if (!bug(QuorumBug::hints_in_memory)) {
      log_.append(env, Value::map({{"key", key},
                                   {"home", index_of(home)},
                                   {"record", both},
                                   {"since", static_cast<double>(since.time_since_epoch().count())}}));
      rewrite_if_long(env);
    }
  }
  log_.when_durable(env, [this, &env, home, key, both, done = std::move(done)] {
    const auto kept = hints_[home].find(key);
    if (options_.watch != nullptr && kept != hints_[home].end()) {
      options_.watch->hints(env.self(), home, key, both);
    }
    done();
  });
}

void Quorum::drop_hint(Env& env, NodeId home, const Value& key) {
  hints_[home].erase(key);
  log_.append(env, Value::map({{"key", key}, {"home", index_of(home)}, {"record", Value()}}));
  // Its dots were made in what is gone now: the next ones need an actor of their own.
  if (const std::vector<NodeId> of_key = homes_of(key);
      std::find(of_key.begin(), of_key.end(), env.self()) == of_key.end()) {
    actors_.erase(key);
  }
}

// To each home that has hints waiting, a few at a time; if the first is not acknowledged, none is sent before
// the next round.
void Quorum::deliver_hints(Env& env) {
  constexpr std::size_t kAtOnce = 64;
  for (auto& [home, hints] : hints_) {
    std::vector<Value> old;
    std::size_t sent = 0;
    for (auto& [key, hint] : hints) {
      if (env.now() - hint.since >= options_.hint_ttl) {
        old.push_back(key);
        continue;
      }
      if (hint.busy || sent >= (suspected(env, home) ? 1 : kAtOnce)) continue;
      ++sent;
      hint.busy = true;
      Value record = hint.record;
      if (bug(QuorumBug::hint_is_new) && !record["stamp"].is_nil()) {
        record = record.with("stamp", new_stamp(env, record["stamp"].list()[0].number() + 1));
      }
      ask(env, home, "store", Value::map({{"key", key}, {"record", record}}),
          [this, &env, home = home, key = key, sent = hint.record](const Result& result) {
            const auto kept = hints_[home].find(key);
            if (kept == hints_[home].end()) return;
            kept->second.busy = false;
            // What came meanwhile waits for another round.
            if (!result.ok() || !(kept->second.record == sent)) return;
            ++delivered_;
            if (options_.watch != nullptr) options_.watch->hint_gone(env.self(), home, key, false);
            drop_hint(env, home, key);
          });
      if (bug(QuorumBug::hint_forgotten_early)) {
        if (options_.watch != nullptr) options_.watch->hint_gone(env.self(), home, key, false);
        old.push_back(key);
      }
    }
    for (const Value& key : old) {
      ++expired_;
      if (options_.watch != nullptr) options_.watch->hint_gone(env.self(), home, key, true);
      drop_hint(env, home, key);
    }
  }
  env.after(options_.hint_every, [this, &env] { deliver_hints(env); });
}

void Quorum::purge(Env& env) {
  std::vector<Value> gone;
  for (const auto& [key, record] : records_) {
    const bool early = bug(QuorumBug::tombstone_purged_early) && is_tombstone(record);
    if (early || expired(env, record)) gone.push_back(key);
  }
  for (const Value& key : gone) {
    if (options_.watch != nullptr && !bug(QuorumBug::tombstone_purged_early)) {
      options_.watch->purged(env.self(), key);
    }
    actors_.erase(key);
    put(env, key, Value());
  }
}

void Quorum::on_fetch(Env& env, const Request& request, Reply reply) {
  const Value& key = request.key();
  Value record = record_of(key);
  if (request.body["stand_in"].truthy()) {
    for (const auto& [home, hints] : hints_) {
      if (const auto hint = hints.find(key); hint != hints.end()) {
        record = merge_records(record, hint->second.record);
      }
    }
  }
  if (bug(QuorumBug::reads_before_disk)) return reply(Value::map({{"record", record}}));
  log_.when_durable(env, [record, reply] { reply(Value::map({{"record", record}})); });
}

void Quorum::on_store(Env& env, const Request& request, Reply reply) {
  const Value& home = request.body["home"];
  const auto done = [reply = std::move(reply)] { reply(Value(true)); };
  if (home.is_number() && node_of(home) != env.self()) {
    return keep_hint(env, node_of(home), request.key(), request.body["record"], done);
  }
  apply(env, request.key(), request.body["record"], done);
}

// ---- anti-entropy
//
// This replica asks another one for the hashes of nodes of the tree over the keys that have both as homes,
// from the root on, and goes on below those that differ. At the leaves the other one sends what it has there;
// what this one lacks it takes, what the other one lacks it is sent.

struct Quorum::Comparison {
  NodeId peer;
  std::vector<std::size_t> nodes;  // of one level
  std::set<std::size_t> leaves;    // that differ
};

MerkleTree& Quorum::tree_with(Env& env, NodeId peer) {
  const auto known = trees_.find(peer);
  if (known != trees_.end() && (known->second.first == changes_ || bug(QuorumBug::tree_not_updated))) {
    return known->second.second;
  }
  MerkleTree tree(options_.tree_depth);
  for (const auto& [key, record] : records_) {
    const std::vector<NodeId> of_key = homes_of(key);
    const auto is_home = [&](NodeId node) {
      return std::find(of_key.begin(), of_key.end(), node) != of_key.end();
    };
    if (is_home(env.self()) && is_home(peer)) tree.toggle(hash_key(key), content_hash(record));
  }
  return trees_.insert_or_assign(peer, std::pair(changes_, std::move(tree))).first->second.second;
}

Value::List Quorum::leaf_records(Env& env, NodeId peer, const std::set<std::size_t>& leaves) {
  const MerkleTree& tree = tree_with(env, peer);
  Value::List found;
  for (const auto& [key, record] : records_) {
    if (!leaves.contains(tree.leaf_of(hash_key(key)))) continue;
    const std::vector<NodeId> of_key = homes_of(key);
    const auto is_home = [&](NodeId node) {
      return std::find(of_key.begin(), of_key.end(), node) != of_key.end();
    };
    if (is_home(env.self()) && is_home(peer)) found.push_back(Value::list({key, record}));
  }
  return found;
}

void Quorum::compare(Env& env) {
  purge(env);
  if (ready_ && !log_.broken() && ring_nodes_.size() > 1) {
    std::size_t pick = env.rng().below(ring_nodes_.size() - 1);
    if (ring_nodes_[pick] == env.self()) pick = ring_nodes_.size() - 1;
    compare_nodes(env, std::make_shared<Comparison>(Comparison{ring_nodes_[pick], {1}, {}}));
  }
  env.after(options_.anti_entropy, [this, &env] { compare(env); });
}

void Quorum::compare_nodes(Env& env, const std::shared_ptr<Comparison>& c) {
  if (c->nodes.empty()) return c->leaves.empty() ? void() : exchange(env, c);
  Value::List asked;
  for (const std::size_t node : c->nodes) asked.push_back(number(node));
  ask(env, c->peer, "tree",
      Value::map({{"nodes", Value::list(std::move(asked))}, {"depth", number(options_.tree_depth)}}),
      [this, &env, c](const Result& result) {
        if (!result.ok() || !result->is_list() || result->list().size() != c->nodes.size()) return;
        MerkleTree& tree = tree_with(env, c->peer);
        std::vector<std::size_t> below;
        for (std::size_t i = 0; i < c->nodes.size(); ++i) {
          ++compared_;
          const std::size_t node = c->nodes[i];
          // As text: a double does not hold 64 bits.
          if (result->list()[i] == Value(std::to_string(tree.hash(node)))) continue;
          if (tree.is_leaf(node)) {
            c->leaves.insert(node);
          } else {
            below.push_back(2 * node);
            below.push_back(2 * node + 1);
          }
        }
        c->nodes = std::move(below);
        compare_nodes(env, c);
      });
}

void Quorum::exchange(Env& env, const std::shared_ptr<Comparison>& c) {
  Value::List leaves;
  for (const std::size_t leaf : c->leaves) leaves.push_back(number(leaf));
  ask(env, c->peer, "leaves", Value::map({{"leaves", Value::list(std::move(leaves))}}),
      [this, &env, c](const Result& result) {
        if (!result.ok() || !result->is_list()) return;
        std::map<Value, Value> theirs;
        for (const Value& item : result->list()) theirs[item.list()[0]] = item.list()[1];
        for (const Value& item : leaf_records(env, c->peer, c->leaves)) {
          const Value& key = item.list()[0];
          const Value& mine = item.list()[1];
          const auto other = theirs.find(key);
          if (other != theirs.end() && covers(other->second, mine)) continue;
          if (bug(QuorumBug::tree_copies) && other != theirs.end()) continue;
          ++exchanged_;
          ask(env, c->peer, "store", Value::map({{"key", key}, {"record", mine}}), [](const Result&) {});
        }
        for (const auto& [key, record] : theirs) {
          if (covers(record_of(key), record)) continue;
          ++exchanged_;
          apply(env, key, record, [] {});
        }
        if (!bug(QuorumBug::tree_copies)) return;
        for (const auto& [key, record] : theirs) {
          put(env, key, record);
          log_.when_durable(env, [this, &env, key = key, record = record] {
            if (options_.watch != nullptr) options_.watch->holds(env.self(), key, record);
          });
        }
      });
}

// ---- the coordinator

void Quorum::on_request(Env& env, const Request& request, Reply reply) {
  if (log_.broken()) return reply(make_error("unavailable", "this replica's disk has failed"));
  if (!ready_) return reply(make_error("unavailable", "this replica is starting"));
  if (request.type == "fetch") return on_fetch(env, request, std::move(reply));
  if (request.type == "store") return on_store(env, request, std::move(reply));
  if (request.type == "tree") {
    const Value& nodes = request.body["nodes"];
    Value::List hashes;
    MerkleTree& tree = tree_with(env, request.from);
    for (const Value& node : nodes.is_list() ? nodes.list() : Value::List{}) {
      hashes.push_back(std::to_string(tree.hash(static_cast<std::size_t>(node.number()))));
    }
    return reply(Value::list(std::move(hashes)));
  }
  if (request.type == "leaves") {
    std::set<std::size_t> leaves;
    for (const Value& leaf : request.body["leaves"].list())
      leaves.insert(static_cast<std::size_t>(leaf.number()));
    return reply(Value::list(leaf_records(env, request.from, leaves)));
  }
  if (request.type == "read" || request.type == "write" || request.type == "delete") {
    return coordinate(env, request, std::move(reply));
  }
  reply(make_error("not_found", "a replica takes read, write and delete, not '" + request.type + "'"));
}

void Quorum::coordinate(Env& env, const Request& request, Reply reply) {
  const auto o = std::make_shared<Operation>();
  const auto counted = [&](const char* name, std::size_t usual,
                           std::size_t most) -> std::optional<std::size_t> {
    const Value& v = request.body[name];
    if (v.is_nil()) return std::min(usual, most);
    if (!v.is_number() || !(v.number() >= 1) || v.number() > static_cast<double>(most)) return std::nullopt;
    return static_cast<std::size_t>(v.number());
  };
  const auto n = counted("n", options_.n, ring_nodes_.size());
  const auto r = counted("r", options_.r, n.value_or(1));
  const auto w = counted("w", options_.w, n.value_or(1));
  if (!n || !r || !w || !is_clock(request.body["context"])) {
    return reply(make_error("malformed",
                            "n, r and w are whole numbers, n at most the number of replicas, r and w at "
                            "most n; a context is what a read said"));
  }
  o->key = request.key();
  o->reply = std::move(reply);
  o->n = *n;
  o->r = *r;
  o->w = *w;
  o->context = request.body["context"];
  std::vector<NodeId> order = ring_order(o->key);
  o->spare.assign(order.rbegin(), order.rend() - static_cast<std::ptrdiff_t>(o->n));
  order.resize(o->n);
  o->homes = std::move(order);
  o->deadline = env.after(options_.timeout, [this, &env, o] {
    o->deadline = {};
    if (o->reply == nullptr) return;
    const bool storing = !o->record.is_nil();
    Error late = make_error("timeout", storing ? std::to_string(o->stored.size()) + " of " +
                                                     std::to_string(o->w) + " replicas have it so far"
                                               : std::to_string(o->heard) + " of " + std::to_string(o->r) +
                                                     " replicas have answered so far");
    late.definite = !o->sent;
    finish(env, *o, std::move(late));
  });
  if (request.type == "read") {
    if (options_.watch != nullptr) o->floor = options_.watch->floor_of(o->key);
    if (bug(QuorumBug::small_read_quorum) && o->r > 1) --o->r;
    o->decide = [this, &env](const OperationPtr& op) { answer_read(env, op); };
    return gather(env, o);
  }
  o->content = request.type == "write" ? Value::map({{"value", request.body["value"]}})
                                       : Value::map({{"deleted", true}, {"at", to_seconds(env.wall_now())}});
  if (options_.versions == QuorumVersions::wall) {
    return write_stamped(env, o, static_cast<double>(env.wall_now().time_since_epoch().count() / 1000));
  }
  if (options_.versions == QuorumVersions::logical) {
    o->decide = [this, &env](const OperationPtr& op) {
      const Value& stamp = op->found["stamp"];
      write_stamped(env, op, stamp.is_nil() ? 1 : stamp.list()[0].number() + 1);
    };
    if (!bug(QuorumBug::skips_query)) return gather(env, o);
    o->found = record_of(o->key);
    return o->decide(o);
  }
  // A dot is made where all earlier ones of its actor are known: at a home.
  const bool home = std::find(o->homes.begin(), o->homes.end(), env.self()) != o->homes.end();
  if (home || request.body["passed_on"].truthy()) return write_versioned(env, o);
  pass_on(env, request, o, 0);
}

void Quorum::finish(Env& env, Operation& o, Result result) {
  if (o.reply == nullptr) return;
  if (o.deadline) env.cancel(o.deadline);
  answer(o.reply, std::move(result));
}

// Who takes the place of a home that does not answer: the next one of the ring that is not suspected; the
// home itself where nobody may or can.
NodeId Quorum::stand_in(Env& env, Operation& o, NodeId home) {
  if (!options_.sloppy && !bug(QuorumBug::asks_any_replica)) return home;
  while (!o.spare.empty()) {
    const NodeId next = o.spare.back();
    o.spare.pop_back();
    if (!suspected(env, next)) return next;
  }
  return home;
}

// Asks all homes for what they have; `decide` runs when R have answered.
void Quorum::gather(Env& env, const OperationPtr& o) {
  for (const NodeId home : o->homes) {
    fetch_from(env, o, home, suspected(env, home) ? stand_in(env, *o, home) : home);
  }
}

void Quorum::fetch_from(Env& env, const OperationPtr& o, NodeId home, NodeId node) {
  ask(env, node, "fetch", Value::map({{"key", o->key}, {"stand_in", node != home}}),
      [this, &env, o, home, node](const Result& result) {
        if (result.ok()) return found(env, o, home, node, (*result)["record"]);
        if (o->decided || o->reply == nullptr) return;
        const NodeId next = stand_in(env, *o, home);
        if (next != home) return fetch_from(env, o, home, next);
        env.after(options_.patience / 2, [this, &env, o, home] {
          if (!o->decided && o->reply != nullptr) fetch_from(env, o, home, home);
        });
      });
}

void Quorum::found(Env& env, const OperationPtr& o, NodeId home, NodeId node, const Value& record) {
  ++o->heard;
  if (node == home) o->answers[home] = record;
  o->found = merged(o->found, record);
  if (!o->decided && o->heard >= o->r && o->reply != nullptr) {
    o->decided = true;
    o->decide(o);
  } else if (o->decided && o->content.is_nil() && options_.repair != QuorumRepair::none) {
    repair(env, o);
  }
}

void Quorum::answer_read(Env& env, const OperationPtr& o) {
  const Value record = o->found;
  // The operation holds on to this, so this does not hold on to the operation.
  const auto tell = [this, &env, record](const OperationPtr& o) {
    if (o->reply == nullptr) return;
    const bool strict = !options_.sloppy && options_.r + options_.w > options_.n;
    if (options_.watch != nullptr && strict) {
      options_.watch->answered(env.self(), o->key, o->floor, record,
                               options_.repair == QuorumRepair::blocking);
    }
    if (options_.versions != QuorumVersions::vector) return finish(env, *o, record["value"]);
    Value::List values;
    for (const Value& version : versions_of(record)) {
      if (!version["deleted"].truthy()) values.push_back(version["value"]);
    }
    finish(env, *o, Value::map({{"values", Value::list(std::move(values))}, {"context", record["clock"]}}));
  };
  if (options_.repair == QuorumRepair::blocking && !record.is_nil() && !bug(QuorumBug::no_write_back)) {
    o->record = record;
    if (bug(QuorumBug::write_back_is_new) && !record["stamp"].is_nil()) {
      o->record = record.with("stamp", new_stamp(env, record["stamp"].list()[0].number() + 1));
    }
    for (const auto& [home, has] : o->answers) {
      if (covers(has, o->record)) o->stored.insert(home);
    }
    o->decide = tell;
    if (o->stored.size() >= o->w) return tell(o);
    return spread(env, o);
  }
  tell(o);
  if (options_.repair != QuorumRepair::none) repair(env, o);
}

// Sends what was found to the homes that answered with less.
void Quorum::repair(Env& env, const OperationPtr& o) {
  for (auto& [home, has] : o->answers) {
    if (covers(has, o->found)) continue;
    has = o->found;
    ++repairs_;
    ask(env, home, "store", Value::map({{"key", o->key}, {"record", o->found}}), [](const Result&) {});
  }
}

Value Quorum::new_stamp(Env& env, double time) {
  if (bug(QuorumBug::stamps_tie)) return Value::list({time, 0, 0, 0});
  return Value::list({time, index_of(env.self()), epoch_, ++writes_});
}

void Quorum::write_stamped(Env& env, const OperationPtr& o, double time) {
  o->id = new_stamp(env, time);
  o->record = o->content.with("stamp", o->id);
  if (options_.watch != nullptr) options_.watch->written(o->key, o->id, o->content, o->context);
  spread(env, o);
}

void Quorum::write_versioned(Env& env, const OperationPtr& o) {
  Value base = record_of(o->key);
  for (const auto& [home, hints] : hints_) {
    if (const auto hint = hints.find(o->key); hint != hints.end())
      base = merge_records(base, hint->second.record);
  }
  // An actor whose earlier dots are not all known here would hide them from whoever hears of the new one.
  auto& [actor, last] = actors_[o->key];
  const Value& known = base["clock"][actor];
  if (bug(QuorumBug::dot_reused) && actor.empty()) {
    actor = env.name_of(env.self());
    base = Value();
  } else if (!bug(QuorumBug::dot_reused) && (!known.is_number() || known.number() != last)) {
    actor = env.name_of(env.self()) + '/' + std::to_string(static_cast<std::uint64_t>(epoch_)) + '.' +
            std::to_string(static_cast<std::uint64_t>(++writes_));
  }
  o->record = add_version(base, bug(QuorumBug::context_ignored) ? Value() : o->context, actor, o->content);
  last = o->record["clock"][actor].number();
  o->id = Value::list({actor, last});
  if (bug(QuorumBug::clock_not_merged)) {
    o->record = o->record.with("clock", Value::map({{actor, last}}));
  }
  if (options_.watch != nullptr) options_.watch->written(o->key, o->id, o->content, o->context);
  spread(env, o);
}

// Has a home make the version. If none can be reached and the quorum is sloppy, this node does, as a
// stand-in.
void Quorum::pass_on(Env& env, const Request& request, const OperationPtr& o, std::size_t next) {
  if (o->reply == nullptr) return;
  if (next >= o->homes.size()) {
    if (options_.sloppy) return write_versioned(env, o);
    return finish(env, *o, make_error("unavailable", "no home of the key can be reached"));
  }
  const NodeId home = o->homes[next];
  if (suspected(env, home)) return pass_on(env, request, o, next + 1);
  o->sent = true;
  env.call(home, {request.type, request.body.with("passed_on", true)}, options_.timeout,
           [this, &env, request, o, home, next](const Result& result) {
             if (result.ok() || !result.error().definite || result.error().code == "malformed") {
               return finish(env, *o, result);
             }
             suspect(env, home);
             pass_on(env, request, o, next + 1);
           });
}

// Stores `record` at all homes that are not known to have it.
void Quorum::spread(Env& env, const OperationPtr& o) {
  o->sent = true;
  const std::set<NodeId> have = o->stored;
  for (const NodeId home : o->homes) {
    if (have.contains(home)) continue;
    store_at(env, o, home, suspected(env, home) ? stand_in(env, *o, home) : home);
  }
  if (bug(QuorumBug::ack_before_quorum) && !o->content.is_nil()) stored(env, o, env.self());
}

void Quorum::store_at(Env& env, const OperationPtr& o, NodeId home, NodeId node) {
  Value body = Value::map({{"key", o->key}, {"record", o->record}});
  if (node != home) body = body.with("home", index_of(home));
  ask(env, node, "store", std::move(body), [this, &env, o, home, node](const Result& result) {
    if (result.ok()) {
      stored(env, o, home);
      if (!bug(QuorumBug::hint_counts_twice) || node == home) return;
      return stored(env, o, node);  // as if the one who stands in were a home, too
    }
    const NodeId next = stand_in(env, *o, home);
    if (next != home) return store_at(env, o, home, next);
    if (options_.hints && home != env.self() && !o->content.is_nil()) {
      keep_hint(env, home, o->key, o->record, [] {});
    }
    env.after(options_.patience / 2, [this, &env, o, home] {
      if (o->reply != nullptr) store_at(env, o, home, home);
    });
  });
}

void Quorum::stored(Env& env, const OperationPtr& o, NodeId home) {
  o->stored.insert(home);
  const bool enough = o->stored.size() >= (bug(QuorumBug::ack_before_quorum) ? 1 : o->w);
  if (!enough || o->reply == nullptr) return;
  if (o->content.is_nil()) return o->decide(o);  // a read that has written back
  if (options_.watch != nullptr) {
    options_.watch->acknowledged(o->key, o->id, o->record, o->w, o->homes, options_.sloppy);
  }
  finish(env, *o, options_.versions == QuorumVersions::vector ? Value(true) : o->content["value"]);
}

Value Quorum::show() const {
  std::size_t siblings = 0, tombstones = 0, hints = 0;
  for (const auto& [key, record] : records_) {
    siblings += versions_of(record).size() > 1;
    tombstones += is_tombstone(record);
  }
  for (const auto& [home, kept] : hints_) hints += kept.size();
  return Value::map({{"keys", number(records_.size())},
                     {"siblings", number(siblings)},
                     {"tombstones", number(tombstones)},
                     {"hints", number(hints)},
                     {"hinted", number(hinted_)},
                     {"delivered", number(delivered_)},
                     {"expired", number(expired_)},
                     {"repairs", number(repairs_)},
                     {"compared", number(compared_)},
                     {"exchanged", number(exchanged_)}});
}

}  // namespace syslab

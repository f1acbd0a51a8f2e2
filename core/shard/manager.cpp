#include "core/shard/manager.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

constexpr const char* kJournal = "shard.map";
constexpr std::uint32_t kNoBucket = ~0u;

class ShardManager final : public FilterService {
 public:
  ShardManager(const ShardManagerOptions& options, ServicePtr inner)
      : FilterService("shard manager", std::move(inner)), options_(options) {}

  void on_start(Env& env) override {
    FilterService::on_start(env);
    env_ = &env;
    rebalances_ = options_.rebalance;
    const Result journal = env.disk().peek(kJournal);
    if (journal.ok() && journal->is_list()) {
      for (const Value& entry : journal->list()) replay(entry);
    }
    // What was ordered before may not have arrived: everything is ordered again.
    for (auto& [id, entry] : map_) entry.ordered = entry.owner.empty() || moves_.contains(id);
    started_ = env.now();
    tick();
    look();
  }

  void call(Env& env, Request request, Reply reply) override {
    static const std::map<std::string_view, void (ShardManager::*)(const Request&, Reply)> kRequests = {
        {"shard_heartbeat", &ShardManager::heartbeat},
        {"shard_sent", &ShardManager::sent},
        {"shard_map", &ShardManager::map},
        {"shard_move", &ShardManager::move},
        {"shard_split", &ShardManager::split},
        {"shard_merge", &ShardManager::merge},
        {"shard_weigh", &ShardManager::weigh},
        {"shard_rebalance", &ShardManager::rebalance},
        {"shard_status", &ShardManager::status},
    };
    const auto found = kRequests.find(request.type);
    if (found == kRequests.end()) return inner_->call(env, std::move(request), std::move(reply));
    (this->*found->second)(request, std::move(reply));
  }

 private:
  struct Shard {
    NodeId node = kNoNode;
    double weight = 1;
    bool leaving = false;
    std::optional<Instant> seen = {};  // since this process started
    Value load = {};
  };
  struct Entry {
    std::string owner = {};  // empty: nobody yet
    std::uint64_t epoch = 0;
    Value from = {};      // of a range
    bool first = false;   // its owner has had it from the beginning, so there are no rows to come
    bool ordered = true;  // the owner has said that it knows
  };
  struct Move {
    enum class Phase : std::uint8_t { copying, committed, given_up } phase = Phase::copying;
    std::string from, to;
    std::uint64_t epoch = 0;  // of the copy; what is decided has the next
    bool asked = false;       // an order is under way
    bool deciding = false;    // the decision is on its way to the disk
  };
  // A shard that is to drop what it has of a bucket, which is another's in this epoch.
  struct Drop {
    std::uint64_t epoch = 0;
    std::string owner = {};
    bool asked = false;
  };
  // A range that was cut, or joined with the one above it, and whose owner is still to hear of it.
  struct Cut {
    std::uint32_t bucket = 0, other = 0;
    Value at = {};  // nil: joined
    std::uint64_t epoch = 0;
    bool asked = false;
  };

  bool has(ShardBug bug) const { return options_.bug == bug; }
  static Value num(auto n) { return Value(static_cast<double>(n)); }
  static std::string text(const Value& v) { return v.is_string() ? std::string(v.string()) : std::string(); }

  // ---- decisions: entries of a journal, made true by replay() once they are on the disk

  void decide(Value entry, const std::function<void(bool ok)>& then) {
    ++deciding_;
    env_->disk().append(kJournal, entry, [](const Result&) {});
    env_->disk().sync([this, entry, then](const Result& result) {
      --deciding_;
      if (result.ok()) replay(entry);
      then(result.ok());
    });
  }

  void replay(const Value& entry) {
    const auto kind = entry["kind"].is_string() ? entry["kind"].string() : std::string_view();
    const auto id = static_cast<std::uint32_t>(number_in(entry, "bucket"));
    const std::uint64_t epoch = number_in(entry, "epoch");
    ++version_;
    if (kind == "shard") {
      Shard& shard = shards_[text(entry["name"])];
      shard.weight = entry["weight"].is_number() ? entry["weight"].number() : 1;
      shard.leaving = entry["leaving"].truthy();
    } else if (kind == "deal") {
      deal(entry["shards"]);
    } else if (kind == "move") {
      moves_[id] = {.from = text(entry["from"]), .to = text(entry["to"]), .epoch = epoch};
    } else if (kind == "commit" || kind == "give up") {
      const auto found = moves_.find(id);
      if (found == moves_.end()) return;
      Move& move = found->second;
      const bool commit = kind == "commit";
      move.phase = commit ? Move::Phase::committed : Move::Phase::given_up;
      move.asked = false;
      drops_[{id, commit ? move.from : move.to}] = {.epoch = move.epoch + 1,
                                                    .owner = commit ? move.to : move.from};
      map_[id].owner = commit ? move.to : move.from;
      map_[id].epoch = move.epoch + 1;
      map_[id].first = false;
      ++(commit ? moved_ : given_up_);
    } else if (kind == "done") {
      moves_.erase(id);
      map_[id].ordered = true;
    } else if (kind == "dropped") {
      const auto found = drops_.find({id, text(entry["shard"])});
      if (found != drops_.end() && found->second.epoch == epoch) drops_.erase(found);
    } else if (kind == "split") {
      const auto other = static_cast<std::uint32_t>(number_in(entry, "other"));
      next_bucket_ = std::max(next_bucket_, other + 1);
      map_[other] = map_[id];
      map_[other].from = entry["at"];
      map_[id].epoch = map_[other].epoch = epoch;
      cuts_[id] = {id, other, entry["at"], epoch};
    } else if (kind == "merge") {
      const auto other = static_cast<std::uint32_t>(number_in(entry, "other"));
      map_[id].epoch = epoch;
      map_.erase(other);
      cuts_[id] = {id, other, Value(), epoch};
    } else if (kind == "cut") {
      cuts_.erase(id);
    }
  }

  // All buckets to these shards, in runs, as redis-cli deals slots.
  void deal(const Value& names) {
    std::vector<PlacedNode> shards;
    for (const Value& name : names.is_list() ? names.list() : Value::List{}) {
      shards.push_back({text(name), shards_[text(name)].weight});
    }
    if (shards.empty()) return;
    const std::uint32_t count = options_.space.ranged()
                                    ? static_cast<std::uint32_t>(options_.splits.size() + 1)
                                    : options_.space.count;
    next_bucket_ = count;
    const auto share = shares_of(count, shards, std::vector<std::uint32_t>(shards.size(), 0));
    std::uint32_t id = 0;
    for (std::size_t s = 0; s < shards.size(); ++s) {
      for (std::uint32_t i = 0; i < share[s]; ++i, ++id) {
        map_[id] = {.owner = shards[s].name, .epoch = 1, .first = true, .ordered = false};
        if (options_.space.ranged() && id > 0) map_[id].from = options_.splits[id - 1];
      }
    }
  }

  // ---- who is there

  bool alive(const std::string& name) const {
    const auto found = shards_.find(name);
    if (found == shards_.end()) return false;
    // Who was not heard of since the start may just not have spoken yet.
    return env_->now() - found->second.seen.value_or(started_) < options_.failure_after;
  }

  Expected<NodeId> node_of(const std::string& name) const { return env_->find(name); }

  void heartbeat(const Request& request, Reply reply) {
    const std::string& name = env_->name_of(request.from);
    const double weight = request.body["weight"].is_number() ? request.body["weight"].number() : 1;
    const auto found = shards_.find(name);
    if (found != shards_.end()) {
      found->second.node = request.from;
      found->second.seen = env_->now();
      found->second.load = request.body;
      return reply(Value(true));
    }
    if (joining_.insert(name).second) {
      decide(Value::map({{"kind", "shard"}, {"name", name}, {"weight", weight}}),
             [this, name, node = request.from](bool ok) {
               joining_.erase(name);
               if (!ok) return;
               shards_[name].node = node;
               shards_[name].seen = env_->now();
               if (map_.empty() && shards_.size() >= options_.shards && !dealing_) begin();
             });
    }
    reply(Value(true));
  }

  void begin() {
    dealing_ = true;
    Value::List names;
    for (const auto& [name, shard] : shards_) names.emplace_back(name);
    decide(Value::map({{"kind", "deal"}, {"shards", Value::list(std::move(names))}}), [this](bool ok) {
      dealing_ = false;
      if (ok) order_all();
    });
  }

  // ---- orders, repeated until they are obeyed

  void tick() {
    if (map_.empty() && shards_.size() >= options_.shards && !dealing_) begin();
    order_all();
    env_->after(options_.tick, [this] { tick(); });
  }

  void order_all() {
    order_owners();
    for (auto& [id, cut] : cuts_) order_cut(id, cut);
    std::vector<std::uint32_t> ids;
    for (const auto& [id, move] : moves_) ids.push_back(id);
    for (const std::uint32_t id : ids) order_move(id);
    order_drops();
  }

  Value own_order(std::uint32_t id, const Entry& entry) const {
    return Value::map({{"bucket", num(id)},
                       {"epoch", num(entry.epoch)},
                       {"first", entry.first},
                       {"from", entry.from},
                       {"to", upper_bound(entry.from)}});
  }
  // Of a range: where the next one begins.
  Value upper_bound(const Value& from) const {
    Value to;
    if (!options_.space.ranged()) return to;
    for (const auto& [id, entry] : map_) {
      if (from < entry.from && (to.is_nil() || entry.from < to)) to = entry.from;
    }
    return to;
  }

  bool being_cut(std::uint32_t id) const {
    return std::any_of(cuts_.begin(), cuts_.end(),
                       [id](const auto& cut) { return cut.first == id || cut.second.other == id; });
  }

  // What buckets have owners that have not yet said so, one order a shard.
  void order_owners() {
    std::map<std::string, Value::List> orders;
    for (const auto& [id, entry] : map_) {
      if (!entry.ordered && !moves_.contains(id) && !being_cut(id) && !ordering_.contains(entry.owner)) {
        orders[entry.owner].push_back(own_order(id, entry));
      }
    }
    for (auto& [name, list] : orders) {
      const Expected<NodeId> node = node_of(name);
      if (!node.ok()) continue;
      ordering_.insert(name);
      const Value buckets = Value::list(std::move(list));
      env_->call(*node,
                 {.type = "shard_own",
                  .body = Value::map({{"space", to_value(options_.space)}, {"buckets", buckets}})},
                 options_.timeout, [this, name = name, buckets](const Result& result) {
                   ordering_.erase(name);
                   if (!result.ok()) return;
                   for (const Value& order : buckets.list()) {
                     const auto found = map_.find(static_cast<std::uint32_t>(number_in(order, "bucket")));
                     if (found == map_.end() || found->second.epoch != number_in(order, "epoch")) continue;
                     found->second.ordered = true;
                   }
                 });
    }
  }

  void order_cut(std::uint32_t id, Cut& cut) {
    const auto entry = map_.find(id);
    if (cut.asked || entry == map_.end()) return;
    const Expected<NodeId> node = node_of(entry->second.owner);
    if (!node.ok()) return;
    cut.asked = true;
    env_->call(*node,
               {.type = cut.at.is_nil() ? "shard_merge" : "shard_split",
                .body = Value::map({{"bucket", num(cut.bucket)},
                                    {"other", num(cut.other)},
                                    {"at", cut.at},
                                    {"epoch", num(cut.epoch)}})},
               options_.timeout, [this, id](const Result& result) {
                 const auto found = cuts_.find(id);
                 if (found == cuts_.end()) return;
                 if (!result.ok()) {
                   found->second.asked = false;
                   return;
                 }
                 decide(Value::map({{"kind", "cut"}, {"bucket", num(id)}}), [this, id](bool ok) {
                   const auto again = cuts_.find(id);
                   if (!ok && again != cuts_.end()) again->second.asked = false;
                 });
               });
  }

  void order_move(std::uint32_t id) {
    Move& move = moves_.at(id);
    if (move.deciding) return;
    if (move.phase == Move::Phase::copying) {
      if (!alive(move.to)) return finish(id, "give up");
      if (move.asked) return;
      const Expected<NodeId> node = node_of(move.from);
      if (!node.ok()) return;
      move.asked = true;
      const std::uint64_t epoch = move.epoch;
      env_->call(*node,
                 {.type = "shard_send",
                  .body = Value::map({{"bucket", num(id)}, {"epoch", num(epoch)}, {"to", move.to}})},
                 options_.timeout, [this, id, epoch](const Result& result) {
                   const auto found = moves_.find(id);
                   if (found == moves_.end() || found->second.epoch != epoch ||
                       found->second.phase != Move::Phase::copying) {
                     return;
                   }
                   found->second.asked = false;
                   if (result.ok() && (*result)["sent"].truthy()) finish(id, "commit");
                 });
      return;
    }
    if (has(ShardBug::aborts_committed) && move.phase == Move::Phase::committed && !alive(move.to)) {
      return finish(id, "give up");
    }
    if (move.asked) return;
    const Expected<NodeId> node = node_of(map_.at(id).owner);
    if (!node.ok()) return;
    move.asked = true;
    const std::uint64_t epoch = map_.at(id).epoch;
    const Value order = Value::map(
        {{"space", to_value(options_.space)}, {"buckets", Value::list({own_order(id, map_.at(id))})}});
    env_->call(*node, {.type = "shard_own", .body = order}, options_.timeout,
               [this, id, epoch](const Result& result) {
                 const auto found = moves_.find(id);
                 if (found == moves_.end() || map_.at(id).epoch != epoch) return;
                 found->second.asked = false;
                 if (result.ok()) finish(id, "done");
               });
  }

  // Who was away when it should have heard comes back with what it had: it is told as long as it takes, and
  // meanwhile the bucket may move on.
  void order_drops() {
    for (auto& [what, drop] : drops_) {
      const Expected<NodeId> node = node_of(what.second);
      if (drop.asked || !node.ok()) continue;
      drop.asked = true;
      env_->call(*node,
                 {.type = "shard_drop",
                  .body = Value::map(
                      {{"bucket", num(what.first)}, {"epoch", num(drop.epoch)}, {"owner", drop.owner}})},
                 options_.timeout, [this, what = what, epoch = drop.epoch](const Result& result) {
                   const auto found = drops_.find(what);
                   if (found == drops_.end() || found->second.epoch != epoch) return;
                   found->second.asked = result.ok();
                   if (!result.ok()) return;
                   decide(Value::map({{"kind", "dropped"},
                                      {"bucket", num(what.first)},
                                      {"shard", what.second},
                                      {"epoch", num(epoch)}}),
                          [this, what](bool ok) {
                            const auto again = drops_.find(what);
                            if (!ok && again != drops_.end()) again->second.asked = false;
                          });
                 });
    }
  }

  // commit: the moment of the change.
  void finish(std::uint32_t id, const char* kind) {
    Move& move = moves_.at(id);
    if (move.deciding) return;
    move.deciding = true;
    const Value entry = Value::map({{"kind", kind}, {"bucket", num(id)}});
    if (has(ShardBug::commit_not_durable) && kind == std::string_view("commit")) {
      move.deciding = false;
      replay(entry);
      return order_move(id);
    }
    decide(entry, [this, id](bool) {
      const auto found = moves_.find(id);
      if (found == moves_.end()) return;
      found->second.deciding = false;
      order_move(id);
      order_drops();
    });
  }

  // A server reports that a bucket is at its new place.
  void sent(const Request& request, Reply reply) {
    const auto id = static_cast<std::uint32_t>(number_in(request.body, "bucket"));
    const auto found = moves_.find(id);
    if (found != moves_.end() && found->second.epoch == number_in(request.body, "epoch") &&
        found->second.phase == Move::Phase::copying) {
      finish(id, "commit");
    }
    reply(Value(true));
  }

  // ---- balance

  // Those that are to have buckets, and of all buckets, in order, who will own them when all moves are done.
  struct Balance {
    std::vector<PlacedNode> shards = {};
    std::vector<std::uint32_t> ids = {};
    std::vector<std::uint32_t> owners = {};
    std::vector<bool> frozen = {};
  };
  Balance balance() const {
    Balance b;
    for (const auto& [name, shard] : shards_) {
      if (shard.leaving) continue;
      b.shards.push_back({name, shard.weight});
      b.frozen.push_back(!alive(name));
    }
    for (const auto& [id, entry] : map_) {
      const auto move = moves_.find(id);
      const std::string& owner =
          move != moves_.end() && move->second.phase == Move::Phase::copying ? move->second.to : entry.owner;
      std::uint32_t place = kNobody;
      for (std::uint32_t i = 0; i < b.shards.size(); ++i) {
        if (b.shards[i].name == owner) place = i;
      }
      b.ids.push_back(id);
      b.owners.push_back(place);
    }
    return b;
  }

  void look() {
    if (rebalances_ && !map_.empty() && deciding_ == 0) {
      const Balance b = balance();
      for (const BucketMove& m : plan_of_buckets(b.owners, b.shards, options_.threshold, b.frozen)) {
        start_move(b.ids[m.bucket], b.shards[m.to].name);
      }
    }
    env_->after(options_.interval, [this] { look(); });
  }

  // Why it cannot begin now; "" where it begins.
  std::string start_move(std::uint32_t id, const std::string& to) {
    const auto found = map_.find(id);
    if (found == map_.end()) return "there is no such bucket";
    const Entry& entry = found->second;
    if (moves_.contains(id) || starting_.contains(id)) return "it is being moved";
    if (being_cut(id) || cutting_) return "it is being cut";
    if (!entry.ordered) return "its owner has not got it yet";
    if (entry.owner == to) return "it is there";
    if (!alive(to) || !alive(entry.owner)) return "one of the shards is not there";
    std::size_t sending = 0, receiving = 0;
    for (const auto& [other, move] : moves_) {
      sending += move.phase == Move::Phase::copying && move.from == entry.owner;
      receiving += move.phase == Move::Phase::copying && move.to == to;
    }
    for (const auto& [other, way] : starting_) {
      sending += way.first == entry.owner;
      receiving += way.second == to;
    }
    if (sending >= options_.max_sending) return "its shard sends enough already";
    if (receiving >= options_.max_receiving) return "that shard receives enough already";
    starting_[id] = {entry.owner, to};
    decide(Value::map({{"kind", "move"},
                       {"bucket", num(id)},
                       {"from", entry.owner},
                       {"to", to},
                       {"epoch", num(entry.epoch + 1)}}),
           [this, id](bool ok) {
             starting_.erase(id);
             if (ok && moves_.contains(id)) order_move(id);
           });
    return "";
  }

  // ---- requests

  void map(const Request&, Reply reply) {
    std::map<std::string, std::uint32_t> index;
    Value::List shards;
    for (const auto& [name, shard] : shards_) {
      index[name] = static_cast<std::uint32_t>(shards.size());
      shards.emplace_back(name);
    }
    std::vector<std::pair<std::uint32_t, const Entry*>> entries;
    for (const auto& [id, entry] : map_) entries.emplace_back(id, &entry);
    std::stable_sort(entries.begin(), entries.end(),
                     [](const auto& a, const auto& b) { return a.second->from < b.second->from; });
    Value::List buckets;
    for (const auto& [id, entry] : entries) {
      buckets.push_back(Value::map({{"bucket", num(id)},
                                    {"owner", num(index[entry->owner])},
                                    {"epoch", num(entry->epoch)},
                                    {"from", entry->from}}));
    }
    reply(Value::map({{"space", to_value(options_.space)},
                      {"version", num(version_)},
                      {"buckets", Value::list(std::move(buckets))},
                      {"shards", Value::list(std::move(shards))}}));
  }

  static void answer_or_refuse(Reply& reply, const std::string& problem) {
    reply(problem.empty() ? Result(Value(true)) : Result(make_error("conflict", problem)));
  }

  void move(const Request& request, Reply reply) {
    const std::string to = text(request.body["to"]);
    if (!shards_.contains(to)) return reply(make_error("not_found", "there is no shard '" + to + "'"));
    answer_or_refuse(reply, start_move(static_cast<std::uint32_t>(number_in(request.body, "bucket")), to));
  }

  // The range that contains a key, and the one that begins at it.
  std::uint32_t range_of(const Value& key) const {
    std::uint32_t best = kNoBucket;
    for (const auto& [id, entry] : map_) {
      if (key < entry.from) continue;
      if (best == kNoBucket || map_.at(best).from < entry.from) best = id;
    }
    return best;
  }
  std::uint32_t range_at(const Value& at) const {
    for (const auto& [id, entry] : map_) {
      if (!at.is_nil() && entry.from == at) return id;
    }
    return kNoBucket;
  }

  std::string refusal_of_cut(const Value& at) const {
    if (!options_.space.ranged()) return "the number of buckets is fixed for life";
    if (at.is_nil()) return "at what key?";
    if (cutting_ || !cuts_.empty()) return "another range is being cut";
    return "";
  }

  void split(const Request& request, Reply reply) {
    const Value at = request.body["at"];
    std::string problem = refusal_of_cut(at);
    const std::uint32_t id = problem.empty() ? range_of(at) : kNoBucket;
    if (problem.empty() && id == kNoBucket) problem = "no buckets yet";
    if (problem.empty() && map_.at(id).from == at) problem = "a range begins there already";
    if (problem.empty() && (moves_.contains(id) || starting_.contains(id)))
      problem = "the range is being moved";
    if (problem.empty() && !map_.at(id).ordered) problem = "its owner has not got it yet";
    if (!problem.empty()) return answer_or_refuse(reply, problem);
    const std::uint32_t other = next_bucket_;
    cut(Value::map({{"kind", "split"},
                    {"bucket", num(id)},
                    {"other", num(other)},
                    {"at", at},
                    {"epoch", num(map_.at(id).epoch + 1)}}),
        Value::map({{"bucket", num(other)}}), std::move(reply));
  }

  void merge(const Request& request, Reply reply) {
    const Value at = request.body["at"];
    std::string problem = refusal_of_cut(at);
    const std::uint32_t above = problem.empty() ? range_at(at) : kNoBucket;
    if (problem.empty() && above == kNoBucket) problem = "no range begins there";
    std::uint32_t below = kNoBucket;
    for (const auto& [id, entry] : map_) {
      if (!problem.empty() || !(entry.from < at)) continue;
      if (below == kNoBucket || map_.at(below).from < entry.from) below = id;
    }
    if (problem.empty() && map_.at(below).owner != map_.at(above).owner)
      problem = "the two are on two shards";
    for (const std::uint32_t id : {below, above}) {
      if (problem.empty() && (moves_.contains(id) || starting_.contains(id)))
        problem = "one of them is being moved";
      if (problem.empty() && !map_.at(id).ordered) problem = "its owner has not got it yet";
    }
    if (!problem.empty()) return answer_or_refuse(reply, problem);
    const std::uint64_t epoch = std::max(map_.at(below).epoch, map_.at(above).epoch) + 1;
    cut(Value::map({{"kind", "merge"}, {"bucket", num(below)}, {"other", num(above)}, {"epoch", num(epoch)}}),
        Value(true), std::move(reply));
  }

  void cut(Value entry, Value answer, Reply reply) {
    cutting_ = true;
    decide(std::move(entry), [this, answer = std::move(answer), reply = std::move(reply)](bool ok) {
      cutting_ = false;
      if (!ok) return reply(make_error("io_error", "the disk failed"));
      order_all();
      reply(answer);
    });
  }

  void weigh(const Request& request, Reply reply) {
    const std::string name = text(request.body["shard"]);
    if (!shards_.contains(name)) return reply(make_error("not_found", "there is no shard '" + name + "'"));
    const double weight = request.body["weight"].is_number() ? request.body["weight"].number() : -1;
    if (!(weight >= 0 && weight <= 1000)) return reply(make_error("malformed", "a weight is 0 to 1000"));
    decide(Value::map({{"kind", "shard"},
                       {"name", name},
                       {"weight", weight == 0 ? shards_[name].weight : weight},
                       {"leaving", weight == 0}}),
           [reply = std::move(reply)](bool ok) {
             reply(ok ? Result(Value(true)) : Result(make_error("io_error", "the disk failed")));
           });
  }

  void rebalance(const Request& request, Reply reply) {
    rebalances_ = request.body["on"].is_nil() || request.body["on"].truthy();
    reply(Value(true));
  }

  void status(const Request&, Reply reply) { reply(state()); }

  Value state() const override {
    std::map<std::string, std::uint64_t> owned;
    for (const auto& [id, entry] : map_) ++owned[entry.owner];
    Value::Map shards;
    for (const auto& [name, shard] : shards_) {
      const auto count = owned.find(name);
      shards.emplace_back(name, Value::map({{"buckets", num(count == owned.end() ? 0 : count->second)},
                                            {"weight", shard.weight},
                                            {"alive", env_ != nullptr && alive(name)},
                                            {"leaving", shard.leaving},
                                            {"load", shard.load}}));
    }
    const Balance b = env_ == nullptr ? Balance() : balance();
    return Value::map({{"shards", Value::map(std::move(shards))},
                       {"buckets", num(map_.size())},
                       {"moves", num(moves_.size())},
                       {"moved", num(moved_)},
                       {"given_up", num(given_up_)},
                       {"version", num(version_)},
                       {"disbalance", b.shards.empty() ? 0.0 : disbalance_of(b.owners, b.shards)}});
  }

  const ShardManagerOptions options_;
  Env* env_ = nullptr;
  Instant started_ = {};
  bool rebalances_ = true;
  std::map<std::string, Shard> shards_;
  std::map<std::uint32_t, Entry> map_;
  std::map<std::uint32_t, Move> moves_;
  std::map<std::uint32_t, Cut> cuts_;
  std::map<std::pair<std::uint32_t, std::string>, Drop> drops_;  // by bucket and shard
  std::uint64_t version_ = 0;                                    // entries of the journal so far
  std::uint32_t next_bucket_ = 0;                                // no number is used twice
  std::uint64_t moved_ = 0, given_up_ = 0;
  // Under way.
  std::set<std::string> joining_, ordering_;
  std::map<std::uint32_t, std::pair<std::string, std::string>> starting_;
  bool dealing_ = false, cutting_ = false;
  std::size_t deciding_ = 0;
};

}  // namespace

Filter make_shard_manager(const ShardManagerOptions& options) {
  return [options](ServicePtr inner) { return std::make_shared<ShardManager>(options, std::move(inner)); };
}

}  // namespace syslab

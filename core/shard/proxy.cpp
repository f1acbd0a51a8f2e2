#include "core/shard/proxy.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/shard/keyspace.hpp"

namespace syslab {
namespace {

class ShardProxy final : public FilterService {
 public:
  ShardProxy(const ShardProxyOptions& options, ServicePtr inner)
      : FilterService("shard proxy", std::move(inner)), options_(options) {}

  void on_start(Env& env) override {
    FilterService::on_start(env);
    env_ = &env;
    refresh(nullptr);
    if (options_.refresh > Duration::zero()) refresh_again();
  }

  void call(Env& env, Request request, Reply reply) override {
    using Handler = void (ShardProxy::*)(Request, Reply);
    const Handler handler = is_row_request(request.type) && !request.key().is_nil() ? &ShardProxy::row_request
                            : request.type == "put_many"                            ? &ShardProxy::put_many
                            : request.type == "get_many"                            ? &ShardProxy::get_many
                            : request.type == "scan"                                ? &ShardProxy::scan
                            : request.type == "shard_refresh"                       ? &ShardProxy::refresh_now
                                                                                    : nullptr;
    if (handler == nullptr) return inner_->call(env, std::move(request), std::move(reply));
    ++requests_;
    Request inside = request;
    inner_->call(
        env, std::move(inside),
        [this, handler, request = std::move(request), reply = std::move(reply)](Result result) mutable {
          if (!result.ok()) return reply(std::move(result));
          (this->*handler)(std::move(request), std::move(reply));
        });
  }

 private:
  struct Place {
    std::string owner;
    std::uint64_t epoch = 0;
    Value from = {};
  };
  using Then = std::function<void()>;

  // ---- the map

  void refresh_again() {
    env_->after(options_.refresh, [this] {
      refresh(nullptr);
      refresh_again();
    });
  }

  void refresh_now(Request, Reply reply) {
    refresh([reply = std::move(reply)] { reply(Value(true)); });
  }

  // Fetches the map, once for all who wait, and calls back whether or not it came.
  void refresh(Then then) {
    if (then != nullptr) waiting_.push_back(std::move(then));
    if (std::exchange(refreshing_, true)) return;
    ++refreshes_;
    env_->call(options_.manager, {.type = "shard_map"}, options_.timeout, [this](const Result& result) {
      refreshing_ = false;
      if (result.ok()) take_map(*result);
      for (const Then& waiting : std::exchange(waiting_, {})) waiting();
    });
  }

  void take_map(const Value& map) {
    if (!map["buckets"].is_list() || !map["shards"].is_list()) return;
    const auto& names = map["shards"].list();
    space_ = keyspace_of(map["space"]);
    version_ = number_in(map, "version");
    std::map<std::uint32_t, Place> fresh;
    for (const Value& entry : map["buckets"].list()) {
      const auto id = static_cast<std::uint32_t>(number_in(entry, "bucket"));
      const std::uint64_t owner = number_in(entry, "owner");
      if (owner >= names.size()) continue;
      Place place{std::string(names[owner].string()), number_in(entry, "epoch"), entry["from"]};
      // A shard may have told of a later owner than the manager's answer, which was on its way.
      const auto known = places_.find(id);
      if (known != places_.end() && known->second.epoch > place.epoch) place = known->second;
      fresh.emplace(id, std::move(place));
    }
    places_ = std::move(fresh);
    order_.clear();
    if (!space_.ranged()) return;
    for (const auto& [id, place] : places_) order_.emplace(place.from, id);
  }

  // None where the map has no such bucket.
  std::optional<std::uint32_t> bucket_of_key(const Value& key) const {
    if (space_.ranged()) {
      auto above = order_.upper_bound(key);
      if (above == order_.begin()) return std::nullopt;
      return std::prev(above)->second;
    }
    if (space_.count == 0) return std::nullopt;
    const std::uint32_t bucket = space_.bucket(key);
    return places_.contains(bucket) ? std::optional(bucket) : std::nullopt;
  }

  // After a refusal: corrects the map, or fetches it, and calls back when it is worth asking again. False
  // where the error is no refusal, or patience is over.
  bool recover(const Error& error, Instant deadline, Then then) {
    const bool moved = error.code == "moved", migrating = error.code == "migrating";
    if (!moved && !migrating) return false;
    if (env_->now() + options_.pause >= deadline) return false;
    ++(moved ? redirects_ : waits_);
    if (const std::optional<MovedTo> to = moved_to(error)) {
      const auto place = places_.find(to->bucket);
      if (place != places_.end() && to->epoch > place->second.epoch) {
        place->second.owner = to->shard;
        place->second.epoch = to->epoch;
        then();
        return true;
      }
    }
    // Nobody knows: a moment later the manager may.
    env_->after(options_.pause, [this, moved, then = std::move(then)]() mutable {
      if (moved || ++since_refresh_ % kWaits == 0) return refresh(std::move(then));
      then();
    });
    return true;
  }

  static Error given_up(const Error& error) {
    return make_error("unavailable", "no shard takes the request: " + error.message);
  }

  // ---- one key

  void row_request(Request request, Reply reply) {
    ask(std::move(request), env_->now() + options_.patience, std::move(reply));
  }

  void ask(Request request, Instant deadline, Reply reply) {
    const std::optional<std::uint32_t> bucket = bucket_of_key(request.key());
    const Error unknown = moved_error_without_place();
    if (!bucket) return ask_again(request, deadline, unknown, std::move(reply));
    const Expected<NodeId> node = env_->find(places_.at(*bucket).owner);
    if (!node.ok()) return ask_again(request, deadline, unknown, std::move(reply));
    env_->call(*node, request, options_.timeout,
               [this, request, deadline, reply = std::move(reply)](Result result) mutable {
                 if (result.ok()) return reply(std::move(result));
                 if (request.type == "read" && result.error().code == "not_found") return reply(Value());
                 ask_again(request, deadline, result.error(), std::move(reply));
               });
  }

  void ask_again(const Request& request, Instant deadline, const Error& error, Reply reply) {
    const auto shared = std::make_shared<Reply>(std::move(reply));
    if (recover(error, deadline, [this, request, deadline, shared] { ask(request, deadline, *shared); }))
      return;
    const bool refused = error.code == "moved" || error.code == "migrating";
    if (!refused && is_fault(error)) refresh(nullptr);
    (*shared)(refused ? given_up(error) : error);
  }

  // ---- many keys

  struct Writing {
    Reply reply;
    double written = 0;
    std::size_t parts = 0;
    std::optional<Error> error = {};
  };

  void put_many(Request request, Reply reply) {
    const auto all = std::make_shared<Writing>(Writing{std::move(reply)});
    all->parts = 1;
    const Value& entries = request.body["entries"];
    put_parts(entries.is_list() ? entries.list() : Value::List{}, env_->now() + options_.patience, all);
    part_done(all);
  }

  static void part_done(const std::shared_ptr<Writing>& all) {
    if (--all->parts > 0) return;
    if (!all->error) return all->reply(Value(all->written));
    all->error->definite = all->error->definite && all->written == 0;
    all->reply(*all->error);
  }

  void put_parts(const Value::List& entries, Instant deadline, const std::shared_ptr<Writing>& all) {
    std::map<std::string, Value::List> parts;
    for (const Value& entry : entries) {
      const auto bucket = bucket_of_key(entry["key"]);
      parts[bucket ? places_.at(*bucket).owner : std::string()].push_back(entry);
    }
    for (auto& [owner, part] : parts) {
      ++all->parts;
      const auto refused = [this, part = part, deadline, all](const Error& error) {
        if (recover(error, deadline, [this, part, deadline, all] {
              put_parts(part, deadline, all);
              part_done(all);
            })) {
          return;
        }
        all->error = error.code == "moved" || error.code == "migrating" ? given_up(error) : error;
        part_done(all);
      };
      const Expected<NodeId> node = env_->find(owner);
      if (!node.ok()) {
        refused(moved_error_without_place());
        continue;
      }
      env_->call(*node, {.type = "put_many", .body = Value::map({{"entries", Value::list(part)}})},
                 options_.timeout,
                 [all, refused, count = static_cast<double>(part.size())](const Result& result) {
                   if (!result.ok()) return refused(result.error());
                   all->written += count;
                   part_done(all);
                 });
    }
  }

  // What several shards are asked for at once. It is answered when all is there, or at the deadline.
  struct Reading {
    Reply reply;
    std::map<Value, Value> rows = {};
    std::map<Value, std::size_t> missing = {};  // shards (scan) or keys (get_many), and questions open
    std::size_t asked = 0;
    std::size_t limit = 0;
    bool answered = false;

    void open(const Value& what) { ++missing[what]; }
    void close(const Value& what) {
      const auto found = missing.find(what);
      if (found != missing.end() && --found->second == 0) missing.erase(found);
    }
    void answer() {
      if (std::exchange(answered, true)) return;
      Value::List list, lacking;
      for (const auto& [key, value] : rows) {
        if (limit > 0 && list.size() == limit) break;
        list.push_back(Value::map({{"key", key}, {"value", value}}));
      }
      for (const auto& [what, open] : missing) lacking.push_back(what);
      reply(Value::map({{"rows", Value::list(std::move(list))},
                        {"missing", Value::list(std::move(lacking))},
                        {"asked", static_cast<double>(asked)}}));
    }
  };

  Instant begin_reading(const Request& request, const std::shared_ptr<Reading>& reading) {
    const Value& deadline = request.body["deadline"];
    const bool given = deadline.is_number() && deadline.number() >= 0;
    const Duration patience = given ? from_seconds(deadline.number()) : options_.patience;
    env_->after(patience, [reading] { reading->answer(); });
    return env_->now() + patience;
  }

  void get_many(Request request, Reply reply) {
    const auto reading = std::make_shared<Reading>(Reading{std::move(reply)});
    const Instant deadline = begin_reading(request, reading);
    const Value& given = request.body["keys"];
    const Value::List keys = given.is_list() ? given.list() : Value::List{};
    for (const Value& key : keys) reading->open(key);
    reading->asked = keys.size();
    for (const Value& key : keys) {
      ask({.type = "get", .body = Value::map({{"key", key}})}, deadline,
          [reading, key](const Result& result) {
            if (result.ok()) reading->rows[key] = *result;
            if (result.ok() || result.error().code == "not_found") reading->close(key);
            if (reading->missing.empty()) reading->answer();
          });
    }
    if (keys.empty()) reading->answer();
  }

  void scan(Request request, Reply reply) {
    const auto reading = std::make_shared<Reading>(Reading{std::move(reply)});
    const Instant deadline = begin_reading(request, reading);
    reading->limit = number_in(request.body, "limit");
    if (places_.empty()) {
      return refresh([this, request = std::move(request), deadline, reading] {
        scan_buckets(request.body, wanted(request.body), deadline, reading);
        if (reading->missing.empty() && !places_.empty()) reading->answer();
      });
    }
    scan_buckets(request.body, wanted(request.body), deadline, reading);
    if (reading->missing.empty()) reading->answer();
  }

  // The buckets that may have keys of the range.
  std::vector<std::uint32_t> wanted(const Value& body) const {
    std::vector<std::uint32_t> ids;
    if (!space_.ranged()) {
      for (const auto& [id, place] : places_) ids.push_back(id);
      return ids;
    }
    auto first = body["from"].is_nil() ? order_.begin() : order_.upper_bound(body["from"]);
    if (first != order_.begin()) --first;
    for (auto at = first; at != order_.end(); ++at) {
      if (at != first && !body["to"].is_nil() && !(at->first < body["to"])) break;
      ids.push_back(at->second);
    }
    return ids;
  }

  void scan_buckets(const Value& body, const std::vector<std::uint32_t>& ids, Instant deadline,
                    const std::shared_ptr<Reading>& reading) {
    std::map<std::string, std::vector<std::uint32_t>> by_owner;
    for (const std::uint32_t id : ids) by_owner[places_[id].owner].push_back(id);
    for (const auto& [owner, part] : by_owner) reading->open(owner);
    for (const auto& [owner, part] : by_owner) {
      ++reading->asked;
      const auto again = [this, body, owner = owner, part = part, deadline, reading](const Error& error) {
        // Where the shard is down it may come back before the deadline; it says which of its buckets have
        // left.
        const Error why = is_fault(error) ? migrating_error(error.message) : error;
        if (reading->answered) return;
        recover(why, deadline, [this, body, owner, part, deadline, reading] {
          scan_buckets(body, part, deadline, reading);
          reading->close(owner);
        });
      };
      const Expected<NodeId> node = env_->find(owner);
      if (!node.ok()) {
        again(moved_error_without_place());
        continue;
      }
      Value::List buckets;
      for (const std::uint32_t id : part) buckets.emplace_back(static_cast<double>(id));
      const Value question = Value::map({{"from", body["from"]},
                                         {"to", body["to"]},
                                         {"limit", body["limit"]},
                                         {"buckets", Value::list(std::move(buckets))}});
      env_->call(*node, {.type = "shard_scan", .body = question}, options_.timeout,
                 [owner = owner, reading, again](const Result& result) {
                   if (!result.ok()) return again(result.error());
                   const Value& rows = (*result)["rows"];
                   for (const Value& row : rows.is_list() ? rows.list() : Value::List{}) {
                     reading->rows[row["key"]] = row["value"];
                   }
                   reading->close(owner);
                   if (reading->missing.empty()) reading->answer();
                 });
    }
  }

  Value state() const override {
    const auto n = [](std::uint64_t count) { return Value(static_cast<double>(count)); };
    return Value::map({{"requests", n(requests_)},
                       {"redirects", n(redirects_)},
                       {"waits", n(waits_)},
                       {"refreshes", n(refreshes_)},
                       {"version", n(version_)}});
  }

  static constexpr std::uint64_t kWaits = 4;  // refusals without a place after which the map is fetched

  const ShardProxyOptions options_;
  Env* env_ = nullptr;
  Keyspace space_;
  std::map<std::uint32_t, Place> places_;
  std::map<Value, std::uint32_t> order_;  // of ranges, by their lower bounds
  std::uint64_t version_ = 0;
  bool refreshing_ = false;
  std::vector<Then> waiting_;
  std::uint64_t since_refresh_ = 0;
  std::uint64_t requests_ = 0, redirects_ = 0, waits_ = 0, refreshes_ = 0;
};

}  // namespace

Filter make_shard_proxy(const ShardProxyOptions& options) {
  return [options](ServicePtr inner) { return std::make_shared<ShardProxy>(options, std::move(inner)); };
}

}  // namespace syslab

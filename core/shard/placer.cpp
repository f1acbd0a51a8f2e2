#include "core/shard/placer.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/shard/keyspace.hpp"

namespace syslab {
namespace {

constexpr const char* kPlaces = "placer.places";  // a journal of {key, shard}

bool is_new_row(std::string_view type) {
  return type == "put" || type == "write" || type == "set";
}

class Placer final : public FilterService {
 public:
  Placer(const PlacerOptions& options, ServicePtr inner)
      : FilterService("placer", std::move(inner)), options_(options) {}

  void on_start(Env& env) override {
    FilterService::on_start(env);
    env_ = &env;
    const Result journal = env.disk().peek(kPlaces);
    if (!journal.ok() || !journal->is_list()) return;
    for (const Value& entry : journal->list()) {
      if (entry["shard"].is_string()) places_[entry["key"]] = std::string(entry["shard"].string());
    }
  }

  void call(Env& env, Request request, Reply reply) override {
    if (request.type == "shard_heartbeat") return heartbeat(request, std::move(reply));
    if (!is_row_request(request.type) || request.key().is_nil()) {
      return inner_->call(env, std::move(request), std::move(reply));
    }
    Request inside = request;
    inner_->call(env, std::move(inside),
                 [this, request = std::move(request), reply = std::move(reply)](Result result) mutable {
                   if (!result.ok()) return reply(std::move(result));
                   place(std::move(request), std::move(reply));
                 });
  }

 private:
  struct Shard {
    NodeId node = kNoNode;
    double weight = 1;
    double outstanding = 0, rows = 0;  // as reported
    double given = 0;                  // items since the report
    std::uint64_t items = 0;           // in all, by this process
    Instant seen = {};
  };

  void heartbeat(const Request& request, Reply reply) {
    Shard& shard = shards_[env_->name_of(request.from)];
    const auto number = [&](const char* name) {
      const Value& v = request.body[name];
      return v.is_number() ? v.number() : 0.0;
    };
    shard.node = request.from;
    shard.weight = number("weight") > 0 ? number("weight") : 1;
    shard.outstanding = number("outstanding");
    shard.rows = number("rows");
    shard.given = 0;
    shard.seen = env_->now();
    reply(Value(true));
  }

  bool alive(const Shard& shard) const { return env_->now() - shard.seen < options_.failure_after; }

  double load_of(const Shard& shard) const {
    const double reported = options_.by_rows ? shard.rows : shard.outstanding;
    return (reported + (options_.choice == PlacerChoice::counting ? shard.given : 0) + 1) / shard.weight;
  }

  // The shard for a new item; null where there is none.
  std::pair<const std::string, Shard>* choose() {
    std::vector<std::pair<const std::string, Shard>*> usable;
    for (auto& entry : shards_) {
      if (alive(entry.second)) usable.push_back(&entry);
    }
    if (usable.empty()) return nullptr;
    Rng& rng = env_->rng();
    const auto less = [this](const auto* a, const auto* b) {
      return load_of(a->second) < load_of(b->second);
    };
    switch (options_.choice) {
      case PlacerChoice::random:
        return usable[rng.below(usable.size())];
      case PlacerChoice::two_choices: {
        auto* one = usable[rng.below(usable.size())];
        auto* other = usable[rng.below(usable.size())];
        return less(other, one) ? other : one;
      }
      case PlacerChoice::least_loaded:
      case PlacerChoice::counting:
        break;
    }
    return *std::min_element(usable.begin(), usable.end(), less);
  }

  void place(Request request, Reply reply) {
    const Value key = request.key();
    if (const auto known = places_.find(key); known != places_.end()) {
      return forward(known->second, request, std::move(reply));
    }
    // A write that waits for the place of the same item gets the same one.
    if (const auto waiting = placing_.find(key); waiting != placing_.end()) {
      waiting->second.emplace_back(std::move(request), std::move(reply));
      return;
    }
    if (!is_new_row(request.type)) return reply(make_error("not_found", "the item has no place"));
    auto* chosen = choose();
    if (chosen == nullptr) return reply(make_error("unavailable", "no shard is there"));
    chosen->second.given += 1;
    ++chosen->second.items;
    placing_[key].emplace_back(std::move(request), std::move(reply));
    const std::string name = chosen->first;
    env_->disk().append(kPlaces, Value::map({{"key", key}, {"shard", name}}), [](const Result&) {});
    env_->disk().sync([this, key, name](const Result& result) {
      if (result.ok()) places_[key] = name;
      auto waiting = std::move(placing_[key]);
      placing_.erase(key);
      for (auto& [waiter, answer_to] : waiting) {
        if (result.ok()) {
          forward(name, waiter, std::move(answer_to));
        } else {
          answer_to(result);
        }
      }
    });
  }

  void forward(const std::string& name, const Request& request, Reply reply) {
    const auto shard = shards_.find(name);
    if (shard == shards_.end() || !alive(shard->second)) {
      return reply(make_error("unavailable", "the shard of the item, '" + name + "', is not there"));
    }
    env_->call(shard->second.node, request, options_.timeout, std::move(reply));
  }

  Value state() const override {
    Value::Map shards;
    for (const auto& [name, shard] : shards_) {
      shards.emplace_back(name, Value::map({{"items", static_cast<double>(shard.items)},
                                            {"outstanding", shard.outstanding},
                                            {"rows", shard.rows},
                                            {"alive", env_ != nullptr && alive(shard)}}));
    }
    return Value::map(
        {{"items", static_cast<double>(places_.size())}, {"shards", Value::map(std::move(shards))}});
  }

  const PlacerOptions options_;
  Env* env_ = nullptr;
  std::map<std::string, Shard> shards_;
  std::map<Value, std::string> places_;
  std::map<Value, std::vector<std::pair<Request, Reply>>> placing_;
};

class LoadReporter final : public FilterService {
 public:
  LoadReporter(const LoadReporterOptions& options, ServicePtr inner)
      : FilterService("load reporter", std::move(inner)), options_(options) {}

  void on_start(Env& env) override {
    FilterService::on_start(env);
    report(env);
  }

  void call(Env& env, Request request, Reply reply) override {
    ++outstanding_;
    const bool adds = is_new_row(request.type);
    const Value key = request.key();
    inner_->call(env, std::move(request), [this, adds, key, reply = std::move(reply)](Result result) {
      --outstanding_;
      if (adds && result.ok()) keys_.insert(key);
      reply(std::move(result));
    });
  }

 private:
  void report(Env& env) {
    env.call(options_.to, {.type = "shard_heartbeat", .body = state().with("weight", options_.weight)},
             options_.every, [](const Result&) {});
    env.after(options_.every, [this, &env] { report(env); });
  }

  Value state() const override {
    return Value::map(
        {{"outstanding", static_cast<double>(outstanding_)}, {"rows", static_cast<double>(keys_.size())}});
  }

  const LoadReporterOptions options_;
  std::size_t outstanding_ = 0;
  std::set<Value> keys_;
};

}  // namespace

std::optional<PlacerChoice> parse_placer_choice(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames = {"least_loaded", "counting", "two_choices", "random"};
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<PlacerChoice>(found - kNames.begin());
}

Filter make_placer(const PlacerOptions& options) {
  return [options](ServicePtr inner) { return std::make_shared<Placer>(options, std::move(inner)); };
}

Filter make_load_reporter(const LoadReporterOptions& options) {
  return [options](ServicePtr inner) { return std::make_shared<LoadReporter>(options, std::move(inner)); };
}

}  // namespace syslab

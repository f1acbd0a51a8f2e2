#include "core/limit/shared.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/assert.hpp"
#include "core/limit/key_table.hpp"
#include "core/limit/token_bucket.hpp"

namespace syslab {
namespace {

using Form = SharedLimitOptions::Form;
using OnFailure = SharedLimitOptions::OnFailure;
using By = SharedLimitOptions::By;

constexpr std::string_view kTake = "limit.take";
constexpr std::string_view kSync = "limit.sync";

// A node's part of the whole, but enough for one request.
TokenBucketOptions part_of(const SharedLimitOptions& o) {
  const double nodes =
      o.share == SharedLimitOptions::Share::full && o.form == Form::local ? 1 : static_cast<double>(o.nodes);
  return {.rate = o.rate / nodes, .burst = std::max(o.burst / nodes, 1.0)};
}

bool has_local_bucket(const SharedLimitOptions& o) {
  return o.form == Form::local || o.on_failure == OnFailure::local;
}

// ---- a node ----------------------------------------------------------------------------------------------

class SharedLimit final : public FilterService {
 public:
  SharedLimit(const SharedLimitOptions& options, ServicePtr inner)
      : FilterService("shared_limit", std::move(inner)),
        options_(options),
        allowance_(std::max(1.0, options.rate * to_seconds(options.interval))) {
    if (has_local_bucket(options)) local_ = make_keyed_token_bucket(part_of(options), options.max_keys);
  }

  void on_start(Env& env) override {
    if (options_.form == Form::batched) sync_later(env);
    FilterService::on_start(env);
  }

  void call(Env& env, Request request, Reply reply) override {
    const std::uint64_t id = id_of(request);
    switch (options_.form) {
      case Form::local:
        take_locally(env, id, std::move(request), std::move(reply));
        break;
      case Form::central:
        ask_store(env, id, std::move(request), std::move(reply));
        break;
      case Form::batched:
        take_from_allowance(env, id, std::move(request), std::move(reply));
        break;
    }
  }

 private:
  struct Waiting {
    Request request;
    Reply reply;
  };
  // Of one key, in batched form.
  // Invariant: what is left of the allowance and what was taken but is not known to be reported are together
  // at most one allowance.
  struct Budget {
    double left = 0;                 // of the allowance
    double taken = 0;                // and not known to be reported
    double reported = 0;             // the part of it that a report on its way names
    bool asking = false;             // a report is on its way
    bool known = false;              // the store has answered once
    bool busy = true;                // somebody came since the last report
    std::vector<Waiting> line = {};  // for the first answer
  };

  // A double holds 53 bits exactly.
  std::uint64_t id_of(const Request& request) const {
    if (options_.by == By::all) return 0;
    return (options_.by == By::caller ? Value(static_cast<double>(request.from.index)) : request.key())
               .hash() >>
           11;
  }

  void pass(Env& env, Request request, Reply reply) {
    ++admitted_;
    inner_->call(env, std::move(request), std::move(reply));
  }

  void refuse(const Reply& reply, Duration retry_after) {
    ++refused_;
    reply(make_error("rate_limited", fmt::format("again in {} s", to_seconds(retry_after))));
  }

  void take_locally(Env& env, std::uint64_t id, Request request, Reply reply) {
    const Decision decision = local_->admit(id, env.now());
    if (decision.admitted) {
      pass(env, std::move(request), std::move(reply));
    } else {
      refuse(reply, decision.retry_after);
    }
  }

  // The store cannot be asked.
  void without_store(Env& env, std::uint64_t id, Request request, const Reply& reply) {
    ++without_store_;
    switch (options_.on_failure) {
      case OnFailure::open:
        pass(env, std::move(request), reply);
        break;
      case OnFailure::local:
        take_locally(env, id, std::move(request), reply);
        break;
      case OnFailure::closed:
        ++refused_;
        reply(make_error("unavailable", "the store of the limit: " + why_));
        break;
    }
  }

  // ---- central

  void ask_store(Env& env, std::uint64_t id, Request request, Reply reply) {
    ++calls_;
    Request take{std::string(kTake), rule().with("key", static_cast<double>(id))};
    env.call(options_.store, std::move(take), options_.timeout,
             [this, &env, id, request = std::move(request), reply = std::move(reply)](Result result) {
               note(env, result, result && !(*result)["admitted"].is_nil());
               if (!reachable_) {
                 without_store(env, id, request, reply);
               } else if ((*result)["admitted"].truthy()) {
                 pass(env, request, reply);
               } else {
                 refuse(reply, from_seconds((*result)["retry_after"].number()));
               }
             });
  }

  // Whether the store answered, and as a store does.
  void note(Env& env, const Result& result, bool as_a_store) {
    reachable_ = as_a_store;
    if (reachable_) return;
    why_ = result ? fmt::format("'{}' is none", env.name_of(options_.store)) : result.error().message;
  }

  Value rule() const { return Value::map({{"rate", options_.rate}, {"burst", options_.burst}}); }

  // ---- batched

  void take_from_allowance(Env& env, std::uint64_t id, Request request, Reply reply) {
    auto found = budgets_.find(id);
    if (found == budgets_.end()) {
      if (budgets_.size() == options_.max_keys) {
        why_ = "there are too many keys";
        without_store(env, id, std::move(request), std::move(reply));
        return;
      }
      found = budgets_.emplace(id, Budget{}).first;
      if (reachable_) ask(env, {id});
    }
    Budget& budget = found->second;
    budget.busy = true;
    if (!budget.known && budget.asking) {
      budget.line.push_back({std::move(request), std::move(reply)});
    } else {
      take(env, id, budget, std::move(request), std::move(reply));
    }
  }

  void take(Env& env, std::uint64_t id, Budget& budget, Request request, Reply reply) {
    if (budget.left >= 1) {
      budget.left -= 1;
      budget.taken += 1;
      pass(env, std::move(request), std::move(reply));
    } else if (reachable_) {
      refuse(reply, options_.interval);
    } else {
      without_store(env, id, std::move(request), std::move(reply));
    }
  }

  void sync_later(Env& env) {
    env.after(options_.interval, [this, &env] {
      std::vector<std::uint64_t> ids;
      for (auto it = budgets_.begin(); it != budgets_.end();) {
        Budget& budget = it->second;
        if (!budget.asking && !budget.busy && budget.taken == 0) {
          it = budgets_.erase(it);
          continue;
        }
        if (!budget.asking) ids.push_back(it->first);
        budget.busy = false;
        ++it;
      }
      if (!ids.empty()) ask(env, std::move(ids));
      sync_later(env);
    });
  }

  // Reports what was taken of these keys and asks for new allowances.
  void ask(Env& env, std::vector<std::uint64_t> ids) {
    ++calls_;
    Value::List keys, taken;
    for (const std::uint64_t id : ids) {
      Budget& budget = budgets_.at(id);
      budget.asking = true;
      budget.reported = budget.taken;
      keys.push_back(static_cast<double>(id));
      taken.push_back(budget.taken);
    }
    Request sync{std::string(kSync), rule()
                                         .with("allowance", allowance_)
                                         .with("keys", Value::list(std::move(keys)))
                                         .with("taken", Value::list(std::move(taken)))};
    env.call(options_.store, std::move(sync), options_.timeout,
             [this, &env, ids = std::move(ids)](Result result) { answered(env, ids, result); });
  }

  void answered(Env& env, const std::vector<std::uint64_t>& ids, const Result& result) {
    note(env, result, result && result->is_list() && result->list().size() == ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      Budget& budget = budgets_.at(ids[i]);
      budget.asking = false;
      if (reachable_) {
        budget.known = true;
        budget.taken -= budget.reported;
        budget.left = std::max(0.0, result.value().list()[i].number() - budget.taken);
      }
    }
    // Those who waited may make new requests at once, so the table is not walked meanwhile.
    for (const std::uint64_t id : ids) {
      for (Waiting& waiting : std::exchange(budgets_.at(id).line, {})) {
        take(env, id, budgets_.at(id), std::move(waiting.request), std::move(waiting.reply));
      }
    }
  }

  Value state() const override {
    constexpr const char* kForms[] = {"central", "local", "batched"};
    Value shown = Value::map({{"form", kForms[static_cast<std::size_t>(options_.form)]},
                              {"admitted", static_cast<double>(admitted_)},
                              {"refused", static_cast<double>(refused_)}});
    if (options_.form == Form::local) return shown;
    shown = shown.with("calls", static_cast<double>(calls_))
                .with("without_store", static_cast<double>(without_store_))
                .with("store_answers", reachable_);
    return options_.form == Form::central ? shown : shown.with("keys", static_cast<double>(budgets_.size()));
  }

  const SharedLimitOptions options_;
  const double allowance_;
  std::unique_ptr<KeyedLimiter> local_;
  std::map<std::uint64_t, Budget> budgets_;
  bool reachable_ = true;  // as the last answer said
  std::string why_ = "it has not answered yet";
  std::uint64_t admitted_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t without_store_ = 0;
  std::uint64_t calls_ = 0;
};

// ---- the store -------------------------------------------------------------------------------------------

class LimitStore final : public FilterService {
 public:
  LimitStore(const LimitStoreOptions& options, ServicePtr inner)
      : FilterService("limit_store", std::move(inner)), max_keys_(options.max_keys) {}

  void call(Env& env, Request request, Reply reply) override {
    if (request.type != kTake && request.type != kSync) {
      inner_->call(env, std::move(request), std::move(reply));
      return;
    }
    Request asked = request;
    inner_->call(env, std::move(request),
                 [this, &env, asked = std::move(asked), reply = std::move(reply)](Result result) {
                   reply(result ? decide(env.now(), asked) : std::move(result));
                 });
  }

 private:
  static constexpr std::size_t kMaxRules = 1000;

  struct Account {
    double level;  // tokens; negative where more was taken than there was
    Instant at;
  };
  struct Rule {
    double rate;
    double burst;
    KeyTable<Account> accounts;
  };

  Result decide(Instant now, const Request& request) {
    const Value& body = request.body;
    if (!body["rate"].is_number() || !body["burst"].is_number() ||
        !TokenBucket::valid({body["rate"].number(), body["burst"].number()})) {
      return make_error("malformed", "a limit has a rate and a burst above 0");
    }
    Rule* rule = find_rule(body["rate"].number(), body["burst"].number());
    if (rule == nullptr) return make_error("unavailable", fmt::format("there are {} rules", kMaxRules));
    ++asked_;
    return request.type == kTake ? take(now, *rule, body) : sync(now, *rule, body);
  }

  Result take(Instant now, Rule& rule, const Value& body) {
    if (!body["key"].is_number()) return make_error("malformed", "no key");
    Account& account = find_account(now, rule, body["key"].number());
    const bool admitted = account.level >= 1;
    if (admitted) account.level -= 1;
    return Value::map({{"admitted", admitted},
                       {"retry_after", admitted ? 0.0 : (1 - account.level) / rule.rate},
                       {"remaining", std::max(account.level, 0.0)}});
  }

  Result sync(Instant now, Rule& rule, const Value& body) {
    const Value &keys = body["keys"], &taken = body["taken"], &allowance = body["allowance"];
    if (!keys.is_list() || !taken.is_list() || keys.list().size() != taken.list().size() ||
        !allowance.is_number()) {
      return make_error("malformed", "a report has a key for each amount, and an allowance");
    }
    Value::List granted;
    for (std::size_t i = 0; i < keys.list().size(); ++i) {
      const Value &key = keys.list()[i], &amount = taken.list()[i];
      if (!key.is_number() || !amount.is_number() || !(amount.number() >= 0)) {
        return make_error("malformed", "keys and amounts are numbers");
      }
      Account& account = find_account(now, rule, key.number());
      account.level -= amount.number();
      granted.push_back(std::clamp(account.level, 0.0, allowance.number()));
    }
    return Value::list(std::move(granted));
  }

  Rule* find_rule(double rate, double burst) {
    const auto found = rules_.find({rate, burst});
    if (found != rules_.end()) return &found->second;
    if (rules_.size() == kMaxRules) return nullptr;
    const auto key = std::pair(rate, burst);
    return &rules_.emplace(key, Rule{rate, burst, KeyTable<Account>(max_keys_)}).first->second;
  }

  static Account& find_account(Instant now, Rule& rule, double number) {
    const auto key = static_cast<std::uint64_t>(std::clamp(number, 0.0, 0x1p63));
    Account* account = rule.accounts.find(key);
    if (account == nullptr) {
      const auto full_at = [&rule](const Account& a) {
        const Duration rest = from_seconds((rule.burst - a.level) / rule.rate);
        return std::min(saturating_add(a.at, rest), Instant::max() - Duration(1));
      };
      return *rule.accounts.insert(key, {rule.burst, now}, now, full_at, [](const Account&) {});
    }
    const double arrived = to_seconds(now - account->at) * rule.rate;
    *account = {std::min(rule.burst, account->level + arrived), now};
    return *account;
  }

  Value state() const override {
    std::size_t keys = 0;
    std::uint64_t forgotten = 0;
    for (const auto& [_, rule] : rules_) {
      keys += rule.accounts.size();
      forgotten += rule.accounts.forgotten();
    }
    return Value::map({{"asked", static_cast<double>(asked_)},
                       {"rules", static_cast<double>(rules_.size())},
                       {"keys", static_cast<double>(keys)},
                       {"forgotten", static_cast<double>(forgotten)}});
  }

  const std::size_t max_keys_;
  std::map<std::pair<double, double>, Rule> rules_;
  std::uint64_t asked_ = 0;
};

}  // namespace

bool valid(const SharedLimitOptions& o) {
  if (!TokenBucket::valid({o.rate, o.burst}) || o.nodes < 1 || !TokenBucket::valid(part_of(o))) return false;
  if (o.max_keys < 1 || o.max_keys >= std::size_t{1} << 31) return false;
  return o.form == Form::local ||
         (o.store != kNoNode && o.timeout > Duration::zero() && o.interval > Duration::zero());
}

Filter make_shared_limit(const SharedLimitOptions& options) {
  SYSLAB_ASSERT(valid(options));
  return [options](ServicePtr inner) { return std::make_shared<SharedLimit>(options, std::move(inner)); };
}

Filter make_limit_store(const LimitStoreOptions& options) {
  SYSLAB_ASSERT(options.max_keys >= 1 && options.max_keys < std::size_t{1} << 31);
  return [options](ServicePtr inner) { return std::make_shared<LimitStore>(options, std::move(inner)); };
}

}  // namespace syslab

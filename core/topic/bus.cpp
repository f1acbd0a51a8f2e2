#include "core/topic/bus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

namespace syslab {
namespace {

Error validation(std::string text) {
  return Error{"ValidationException", std::move(text), true};
}
Error not_found(std::string text) {
  return Error{"ResourceNotFoundException", std::move(text), true};
}

std::string text_of(const Value& value) {
  return value.is_string() ? std::string(value.string()) : std::string();
}

Value count_value(std::uint64_t n) {
  return Value(static_cast<double>(n));
}

class Bus final : public FilterService {
 public:
  Bus(std::shared_ptr<const BusOptions> options, ServicePtr inner)
      : FilterService("bus", std::move(inner)), options_(std::move(options)) {
    for (const BusRule& rule : options_->rules) rules_.push_back(std::make_shared<Rule>(rule));
    for (const BusArchive& archive : options_->archives) archives_.push_back({archive, {}});
  }

  void call(Env& env, Request request, Reply reply) override {
    const Action action = action_of(request.type);
    if (action == nullptr) {
      inner_->call(env, std::move(request), std::move(reply));
      return;
    }
    const Value body = request.body;
    inner_->call(env, std::move(request),
                 [this, &env, action, body, reply = std::move(reply)](Result result) {
                   reply(result.ok() ? (this->*action)(env, body) : std::move(result));
                 });
  }

 private:
  using Action = Result (Bus::*)(Env& env, const Value& body);
  struct Rule {
    explicit Rule(BusRule r) : rule(std::move(r)) {}
    BusRule rule;
    Courier courier;
    std::uint64_t matched = 0;
  };
  struct Archive {
    BusArchive archive;
    std::deque<std::pair<Instant, Value>> events;
  };

  static Action action_of(std::string_view type) {
    if (type == "put") return &Bus::put;
    if (type == "put_rule") return &Bus::put_rule;
    if (type == "remove_rule") return &Bus::remove_rule;
    if (type == "enable") return &Bus::enable;
    if (type == "disable") return &Bus::disable;
    if (type == "archive") return &Bus::archive;
    if (type == "replay") return &Bus::replay;
    if (type == "rules") return &Bus::rules;
    return nullptr;
  }

  Result put(Env& env, const Value& body) {
    const Value& entries = body["entries"];
    if (!entries.is_list() || entries.list().empty() || entries.list().size() > options_->entries_max) {
      return validation(fmt::format("expected 1 to {} entries", options_->entries_max));
    }
    Value::List answers;
    double failed = 0;
    for (const Value& entry : entries.list()) {
      const char* missing = nullptr;
      for (const char* field : {"source", "detail_type"}) {
        if (!entry[field].is_string() || entry[field].string().empty()) missing = field;
      }
      if (missing != nullptr || entry["detail"].is_nil()) {
        ++failed;
        answers.push_back(Value::map({{"code", "InvalidArgument"},
                                      {"message", fmt::format("Parameter {} is not valid.",
                                                              missing == nullptr ? "detail" : missing)}}));
        continue;
      }
      if (entry.json().size() > options_->event_bytes_max) {
        ++failed;
        answers.push_back(
            Value::map({{"code", "EventTooLarge"}, {"message", "the entry is larger than 256 KB"}}));
        continue;
      }
      const std::string id = fmt::format("{}-{}", options_->name, ++next_);
      const Value event = Value::map({{"source", entry["source"]},
                                      {"detail_type", entry["detail_type"]},
                                      {"detail", entry["detail"]},
                                      {"id", id},
                                      {"time", to_seconds(env.now())}});
      for (Archive& a : archives_) {
        forget(a, env.now());
        if (a.archive.pattern.matches(event)) a.events.emplace_back(env.now(), event);
      }
      for (const auto& rule : rules_) route(env, rule, event);
      answers.push_back(Value::map({{"id", id}}));
    }
    return Value::map({{"failed", failed}, {"entries", Value::list(std::move(answers))}});
  }

  static void forget(Archive& a, Instant now) {
    while (!a.events.empty() && saturating_add(a.events.front().first, a.archive.retention) <= now)
      a.events.pop_front();
  }

  void route(Env& env, const std::shared_ptr<Rule>& rule, const Value& event) {
    if (!rule->rule.enabled || !rule->rule.pattern.matches(event)) return;
    ++rule->matched;
    for (const BusRule::Target& target : rule->rule.targets) {
      rule->courier.deliver(env, target.to, Value::map({{"body", event}}),
                            options_->retries ? *options_->retries : bus_retries(), target.dead_letters,
                            [rule] { (void)rule; });  // a removed rule lives until its deliveries have ended
    }
  }

  std::shared_ptr<Rule> find(const Value& name) const {
    for (const auto& r : rules_) {
      if (name == Value(r->rule.name)) return r;
    }
    return nullptr;
  }

  Result put_rule(Env&, const Value& body) {
    auto parsed = parse_rule(body);
    if (!parsed) return parsed.error();
    if (parsed->targets.size() > options_->targets_max) {
      return Error{"LimitExceededException",
                   fmt::format("a rule has at most {} targets", options_->targets_max), true};
    }
    const auto old = find(body["name"]);
    if (old == nullptr && rules_.size() >= options_->rules_max) {
      return Error{"LimitExceededException", fmt::format("a bus has at most {} rules", options_->rules_max),
                   true};
    }
    if (old != nullptr) {
      old->rule = std::move(*parsed);
    } else {
      rules_.push_back(std::make_shared<Rule>(std::move(*parsed)));
    }
    return Value(true);
  }

  Result remove_rule(Env&, const Value& body) {
    return Value(std::erase_if(rules_, [&](const auto& r) { return body["name"] == Value(r->rule.name); }) >
                 0);
  }

  Result switch_rule(const Value& body, bool on) {
    const auto rule = find(body["name"]);
    if (rule == nullptr) return not_found("Rule " + body["name"].json() + " does not exist.");
    rule->rule.enabled = on;
    return Value(true);
  }
  Result enable(Env&, const Value& body) { return switch_rule(body, true); }
  Result disable(Env&, const Value& body) { return switch_rule(body, false); }

  Result archive(Env&, const Value& body) {
    auto parsed = parse_archive(body);
    if (!parsed) return parsed.error();
    for (const Archive& a : archives_) {
      if (a.archive.name == parsed->name) return validation("there is an archive '" + parsed->name + "'");
    }
    archives_.push_back({std::move(*parsed), {}});
    return Value(true);
  }

  Result replay(Env& env, const Value& body) {
    const auto found = std::find_if(archives_.begin(), archives_.end(), [&](const Archive& a) {
      return body["archive"] == Value(a.archive.name);
    });
    if (found == archives_.end()) return not_found("Archive " + body["archive"].json() + " does not exist.");
    const auto time = [&](const char* name, Instant otherwise) {
      return body[name].is_number() ? Instant(from_seconds(body[name].number())) : otherwise;
    };
    const Instant from = time("from", Instant()), to = time("to", env.now());
    if (from > to) return validation("the replay ends before it begins");
    std::vector<std::string> only;
    if (body["rules"].is_list()) {
      for (const Value& name : body["rules"].list()) {
        if (find(name) == nullptr) return not_found("Rule " + name.json() + " does not exist.");
        only.push_back(text_of(name));
      }
    }
    const double rate = body["rate"].is_number() ? body["rate"].number() : 0;
    forget(*found, env.now());
    double count = 0;
    for (const auto& [at, event] : found->events) {
      if (at < from || at > to) continue;
      const Value again = event.with("replay", found->archive.name);
      const Duration wait = rate > 0 ? from_seconds(count / rate) : Duration::zero();
      env.after(wait, [this, &env, again, only] {
        for (const auto& rule : std::vector(rules_)) {
          if (only.empty() || std::find(only.begin(), only.end(), rule->rule.name) != only.end())
            route(env, rule, again);
        }
      });
      ++count;
    }
    return Value(count);
  }

  static Value describe(const Rule& r) {
    const DeliveryCounts& c = r.courier.counts();
    return Value::map({{"name", r.rule.name},
                       {"enabled", r.rule.enabled},
                       {"pattern", r.rule.pattern.source()},
                       {"matched", count_value(r.matched)},
                       {"delivered", count_value(c.delivered)},
                       {"retried", count_value(c.retried)},
                       {"pending", count_value(c.pending)},
                       {"dead", count_value(c.dead)},
                       {"dropped", count_value(c.dropped)}});
  }

  Result rules(Env&, const Value&) {
    Value::List list;
    for (const auto& r : rules_) list.push_back(describe(*r));
    return Value::list(std::move(list));
  }

  Value state() const override {
    Value::List list;
    for (const auto& r : rules_) list.push_back(describe(*r));
    Value::Map archives;
    for (const Archive& a : archives_) archives.emplace_back(a.archive.name, count_value(a.events.size()));
    return Value::map({{"events", count_value(next_)},
                       {"rules", Value::list(std::move(list))},
                       {"archives", Value::map(std::move(archives))}});
  }

  const std::shared_ptr<const BusOptions> options_;
  std::vector<std::shared_ptr<Rule>> rules_;
  std::vector<Archive> archives_;
  std::uint64_t next_ = 0;
};

Expected<FilterPolicy> parse_pattern(const Value& given) {
  return FilterPolicy::parse(given.is_nil() ? Value::map({}) : given, FilterPolicy::Dialect::event, true);
}

}  // namespace

Expected<BusRule> parse_rule(const Value& given) {
  if (!given["name"].is_string()) return validation("a rule has a name");
  BusRule rule;
  rule.name = text_of(given["name"]);
  auto pattern = parse_pattern(given["pattern"]);
  if (!pattern) return pattern.error();
  rule.pattern = std::move(*pattern);
  rule.enabled = given["enabled"].is_nil() || given["enabled"].truthy();
  if (!given["targets"].is_list()) return validation("rule '" + rule.name + "' needs a list of targets");
  for (const Value& t : given["targets"].list()) {
    BusRule::Target target;
    target.to.node = text_of(t["to"]);
    target.to.queue = text_of(t["queue"]);
    const auto protocol = protocol_named(t["protocol"].is_string() ? t["protocol"].string()
                                         : target.to.queue.empty() ? "function"
                                                                   : "queue");
    if (!protocol) return validation(protocol.error().message);
    target.to.protocol = *protocol;
    if (target.to.node.empty() || (*protocol == DeliveryProtocol::queue && target.to.queue.empty())) {
      return validation("a target of rule '" + rule.name +
                        "' names a node in `to`, and for a queue its name");
    }
    if (const Value& dead = t["dead_letter"]; !dead.is_nil()) {
      target.dead_letters = {text_of(dead["to"]), DeliveryProtocol::queue, text_of(dead["queue"])};
      if (target.dead_letters.node.empty() || target.dead_letters.queue.empty()) {
        return validation("dead_letter is { to = NODE, queue = NAME }");
      }
    }
    rule.targets.push_back(std::move(target));
  }
  return rule;
}

Expected<BusArchive> parse_archive(const Value& given) {
  if (!given["name"].is_string()) return validation("an archive has a name");
  BusArchive archive;
  archive.name = text_of(given["name"]);
  auto pattern = parse_pattern(given["pattern"]);
  if (!pattern) return pattern.error();
  archive.pattern = std::move(*pattern);
  if (given["retention"].is_number()) {
    if (!(given["retention"].number() > 0)) return validation("a retention is above 0");
    archive.retention = from_seconds(given["retention"].number());
  }
  return archive;
}

Filter make_bus(BusOptions options) {
  const auto shared = std::make_shared<const BusOptions>(std::move(options));
  return [shared](ServicePtr inner) { return std::make_shared<Bus>(shared, std::move(inner)); };
}

}  // namespace syslab

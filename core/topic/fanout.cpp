#include "core/topic/fanout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>

namespace syslab {
namespace {

Error invalid(std::string_view parameter, std::string text) {
  return Error{"InvalidParameter", fmt::format("Invalid parameter: {}: {}", parameter, text), true};
}

std::string text_of(const Value& value) {
  return value.is_string() ? std::string(value.string()) : std::string();
}

RetryPlan plan_for(DeliveryProtocol protocol) {
  if (protocol == DeliveryProtocol::http) return http_retries();
  return protocol == DeliveryProtocol::mail ? mail_retries() : managed_retries();
}

std::size_t bytes_of(const Value& value) {
  return value.is_nil() ? 0 : value.is_string() ? value.string().size() : value.json().size();
}

class Topic final : public FilterService {
 public:
  Topic(std::shared_ptr<const TopicOptions> options, ServicePtr inner)
      : FilterService("topic", std::move(inner)), options_(std::move(options)) {
    for (const Subscription& s : options_->subscriptions)
      subscribers_.push_back(std::make_shared<Subscriber>(s));
  }

  void call(Env& env, Request request, Reply reply) override {
    const Action action = action_of(request.type);
    if (action == nullptr) {
      inner_->call(env, std::move(request), std::move(reply));
      return;
    }
    const Value body = request.body;
    // A fault says so itself, from nowhere, and takes no time.
    if (action == &Topic::set_propagation && request.from == kNoNode)
      return reply(set_propagation(env, body));
    inner_->call(env, std::move(request),
                 [this, &env, action, body, reply = std::move(reply)](Result result) {
                   reply(result.ok() ? (this->*action)(env, body) : std::move(result));
                 });
  }

 private:
  using Action = Result (Topic::*)(Env& env, const Value& body);
  struct Subscriber {
    explicit Subscriber(Subscription s) : subscription(std::move(s)) {}
    Subscription subscription;
    Courier courier;
    std::uint64_t filtered = 0;  // messages it did not want
    std::map<std::string, std::deque<Value>> lines =
        {};  // fifo: what waits, by group; the first is under way
    std::uint64_t changes = 0;
  };

  static Action action_of(std::string_view type) {
    if (type == "publish") return &Topic::publish;
    if (type == "subscribe") return &Topic::subscribe;
    if (type == "unsubscribe") return &Topic::unsubscribe;
    if (type == "set_filter") return &Topic::set_filter;
    if (type == "set_propagation") return &Topic::set_propagation;
    if (type == "subscriptions") return &Topic::subscriptions;
    return nullptr;
  }

  Result publish(Env& env, const Value& body) {
    const Value& content = body["body"];
    if (content.is_nil() || (content.is_string() && content.string().empty()))
      return invalid("Message", "Empty message");
    if (bytes_of(content) + bytes_of(body["attributes"]) > options_->message_bytes_max) {
      return invalid("Message", "Message too long");
    }
    if (!body["attributes"].is_nil() && !body["attributes"].is_map()) {
      return invalid("MessageAttributes", "expected a table of names and values");
    }
    std::string group = text_of(body["group"]), dedup = text_of(body["dedup"]);
    if (!options_->fifo && !(group.empty() && dedup.empty())) {
      return invalid("MessageGroupId",
                     "The request includes a parameter that is not valid for this topic type");
    }
    const std::string id = fmt::format("{}-{}", options_->name, next_ + 1);
    if (options_->fifo) {
      if (group.empty()) return invalid("MessageGroupId", "it is required for a fifo topic");
      if (dedup.empty() && options_->content_dedup)
        dedup = content.is_string() ? text_of(content) : content.json();
      if (dedup.empty()) {
        return invalid(
            "MessageDeduplicationId",
            "The topic should either have ContentBasedDeduplication enabled or the id provided explicitly");
      }
      while (!seen_order_.empty() && seen_order_.front().first <= env.now()) {
        seen_.erase(seen_order_.front().second);
        seen_order_.pop_front();
      }
      if (const auto known = seen_.find(dedup); known != seen_.end()) {
        return Value::map({{"id", known->second}, {"duplicate", true}});
      }
      seen_.emplace(dedup, id);
      seen_order_.emplace_back(saturating_add(env.now(), options_->dedup_window), dedup);
    }
    ++next_;
    for (const auto& subscriber : subscribers_) {
      const Subscription& s = subscriber->subscription;
      if (s.filter && !s.filter->matches(s.body_scope ? content : body["attributes"])) {
        ++subscriber->filtered;
        continue;
      }
      Value message;
      if (s.raw) {
        message = Value::map({{"body", content}}).with("attributes", body["attributes"]);
      } else {
        const Value envelope = Value::map({{"type", "Notification"},
                                           {"id", id},
                                           {"topic", options_->name},
                                           {"subject", body["subject"]},
                                           {"body", content},
                                           {"attributes", body["attributes"]},
                                           {"sent_at", to_seconds(env.now())}});
        message = s.to.protocol == DeliveryProtocol::queue ? Value::map({{"body", envelope}}) : envelope;
      }
      if (options_->fifo) message = message.with("group", group).with("dedup", dedup);
      if (!options_->fifo) {
        // Who unsubscribes gets what is under way.
        send(env, subscriber, std::move(message), [subscriber] { (void)subscriber; });
      } else {
        std::deque<Value>& line = subscriber->lines[group];
        line.push_back(std::move(message));
        if (line.size() == 1) send_next(env, subscriber, group);
      }
    }
    return Value::map({{"id", id}, {"duplicate", false}});
  }

  void send(Env& env, const std::shared_ptr<Subscriber>& subscriber, Value message, Courier::Done done) {
    const Subscription& s = subscriber->subscription;
    const RetryPlan plan = options_->retries ? *options_->retries : plan_for(s.to.protocol);
    subscriber->courier.deliver(env, s.to, std::move(message), plan, s.dead_letters, std::move(done));
  }

  void send_next(Env& env, const std::shared_ptr<Subscriber>& subscriber, const std::string& group) {
    send(env, subscriber, subscriber->lines[group].front(), [this, &env, subscriber, group] {
      std::deque<Value>& line = subscriber->lines[group];
      line.pop_front();
      if (line.empty()) {
        subscriber->lines.erase(group);
      } else {
        send_next(env, subscriber, group);
      }
    });
  }

  std::shared_ptr<Subscriber> find(std::string_view name) const {
    for (const auto& s : subscribers_) {
      if (s->subscription.name == name) return s;
    }
    return nullptr;
  }

  Result subscribe(Env&, const Value& body) {
    auto parsed = parse_subscription(body);
    if (!parsed) return parsed.error();
    if (parsed->filter) {
      const auto filters = std::count_if(subscribers_.begin(), subscribers_.end(),
                                         [](const auto& s) { return s->subscription.filter.has_value(); });
      if (static_cast<std::size_t>(filters) >= options_->filters_max) {
        return Error{"FilterPolicyLimitExceeded",
                     fmt::format("a topic has at most {} filter policies", options_->filters_max), true};
      }
    }
    if (find(parsed->name) != nullptr)
      return invalid("name", fmt::format("there is a subscription '{}'", parsed->name));
    subscribers_.push_back(std::make_shared<Subscriber>(std::move(*parsed)));
    return Value(true);
  }

  Result unsubscribe(Env&, const Value& body) {
    const std::string name = text_of(body["name"]);
    return Value(std::erase_if(subscribers_, [&](const auto& s) { return s->subscription.name == name; }) >
                 0);
  }

  Result set_filter(Env& env, const Value& body) {
    const auto subscriber = find(text_of(body["name"]));
    if (subscriber == nullptr) return Error{"NotFound", "Subscription does not exist", true};
    auto parsed = parse_subscription(Value::map({{"name", "x"}, {"to", "x"}, {"protocol", "function"}})
                                         .with("filter", body["filter"])
                                         .with("scope", body["scope"]));
    if (!parsed) return parsed.error();
    Duration delay = Duration::zero();
    if (propagation_) {
      delay = *propagation_;
    } else if (options_->propagation != nullptr) {
      delay = sample_duration(*options_->propagation, env.rng());
    }
    // The last change wins, however long each of them takes.
    const std::uint64_t change = ++last_change_;
    const auto apply = [subscriber, change, filter = parsed->filter, scope = parsed->body_scope] {
      if (subscriber->changes > change) return;
      subscriber->changes = change;
      subscriber->subscription.filter = filter;
      subscriber->subscription.body_scope = scope;
    };
    if (delay == Duration::zero()) {
      apply();
    } else {
      env.after(delay, apply);
    }
    return Value(true);
  }

  Result set_propagation(Env&, const Value& body) {
    const Value& s = body["seconds"];
    if (s.is_nil()) {
      propagation_.reset();
      return Value(true);
    }
    if (!s.is_number() || !(s.number() >= 0)) return invalid("seconds", "expected a number of at least 0");
    propagation_ = from_seconds(s.number());
    return Value(true);
  }

  Result subscriptions(Env&, const Value&) {
    Value::List list;
    for (const auto& s : subscribers_) list.push_back(describe(*s));
    return Value::list(std::move(list));
  }

  static Value describe(const Subscriber& s) {
    const DeliveryCounts& c = s.courier.counts();
    const auto n = [](std::uint64_t count) { return Value(static_cast<double>(count)); };
    return Value::map({{"name", s.subscription.name},
                       {"to", s.subscription.to.node},
                       {"protocol", to_string(s.subscription.to.protocol)},
                       {"filter", s.subscription.filter ? s.subscription.filter->source() : Value()},
                       {"filtered", n(s.filtered)},
                       {"delivered", n(c.delivered)},
                       {"retried", n(c.retried)},
                       {"pending", n(c.pending)},
                       {"dead", n(c.dead)},
                       {"dropped", n(c.dropped)}});
  }

  Value state() const override {
    Value::List list;
    for (const auto& s : subscribers_) list.push_back(describe(*s));
    return Value::map(
        {{"published", static_cast<double>(next_)}, {"subscriptions", Value::list(std::move(list))}});
  }

  const std::shared_ptr<const TopicOptions> options_;
  std::vector<std::shared_ptr<Subscriber>> subscribers_;
  std::uint64_t next_ = 0;
  std::uint64_t last_change_ = 0;
  std::optional<Duration> propagation_;
  std::unordered_map<std::string, std::string> seen_;  // only looked up
  std::deque<std::pair<Instant, std::string>> seen_order_;
};

}  // namespace

Expected<Subscription> parse_subscription(const Value& given) {
  if (!given.is_map()) return invalid("subscription", "expected a table with a name and a node");
  Subscription s;
  for (const char* field : {"name", "to"}) {
    if (!given[field].is_string() || given[field].string().empty()) {
      return invalid(field, fmt::format("expected a text, got {}", given[field].json()));
    }
  }
  s.name = text_of(given["name"]);
  s.to.node = text_of(given["to"]);
  s.to.queue = text_of(given["queue"]);
  const auto protocol = protocol_named(
      given["protocol"].is_nil() ? (s.to.queue.empty() ? std::string("function") : std::string("queue"))
                                 : text_of(given["protocol"]));
  if (!protocol) return protocol.error();
  s.to.protocol = *protocol;
  if (s.to.protocol == DeliveryProtocol::queue && s.to.queue.empty())
    return invalid("queue", "the protocol queue needs its name");
  const std::string scope = given["scope"].is_nil() ? "attributes" : text_of(given["scope"]);
  if (scope != "attributes" && scope != "body")
    return invalid("FilterPolicyScope", "expected attributes or body");
  s.body_scope = scope == "body";
  s.raw = given["raw"].truthy();
  if (!given["filter"].is_nil()) {
    auto filter = FilterPolicy::parse(given["filter"], FilterPolicy::Dialect::subscription, s.body_scope);
    if (!filter) return filter.error();
    s.filter = std::move(*filter);
  }
  if (const Value& dead = given["dead_letter"]; !dead.is_nil()) {
    s.dead_letters = {text_of(dead["to"]), DeliveryProtocol::queue, text_of(dead["queue"])};
    if (s.dead_letters.node.empty() || s.dead_letters.queue.empty()) {
      return invalid("dead_letter", "expected { to = NODE, queue = NAME }");
    }
  }
  return s;
}

Filter make_topic(TopicOptions options) {
  const auto shared = std::make_shared<const TopicOptions>(std::move(options));
  return [shared](ServicePtr inner) { return std::make_shared<Topic>(shared, std::move(inner)); };
}

}  // namespace syslab

#include "bindings/queue/queue.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bindings/host/convert.hpp"
#include "bindings/host/lua_host.hpp"

namespace syslab {
namespace {

std::vector<std::string> profile_names() {
  std::vector<std::string> names;
  for (const QueueProfile& profile : queue_profiles()) names.emplace_back(profile.name);
  return names;
}

std::vector<std::string> texts(const Arguments& a, const Value& list, const char* what) {
  std::vector<std::string> out;
  if (list.is_string()) return {std::string(list.string())};
  if (!list.is_list()) a.reject("access", fmt::format("'{}' of a statement is a list of texts", what));
  for (const Value& item : list.list()) {
    if (!item.is_string()) a.reject("access", fmt::format("'{}' of a statement is a list of texts", what));
    out.emplace_back(item.string());
  }
  return out;
}

AccessPolicy access_policy(lua_State* L, const Arguments& a) {
  AccessPolicy policy;
  const Value given = to_value(L, a.index_of("access"));
  if (!given.is_map()) a.reject("access", "expected { owner = 'account', statements = { ... } }");
  for (const auto& [name, value] : given.map()) {
    if (name == "owner") {
      if (!value.is_string()) a.reject("access", "'owner' is the name of an account");
      policy.owner = std::string(value.string());
    } else if (name == "statements") {
      if (!value.is_list()) a.reject("access", "'statements' is a list");
      for (const Value& s : value.list()) {
        if (s["effect"] != Value("allow") && s["effect"] != Value("deny")) {
          a.reject("access", "the effect of a statement is 'allow' or 'deny'");
        }
        policy.statements.push_back({s["effect"] == Value("allow"), texts(a, s["principals"], "principals"),
                                     texts(a, s["actions"], "actions")});
      }
    } else {
      a.reject("access", fmt::format("there is no '{}' in it: it has owner and statements", name));
    }
  }
  return policy;
}

double seconds_now(lua_State* L) {
  return LuaHost::of(L).seconds();
}

int send(lua_State* L, MessageQueue& queue, Arguments& a) {
  Outgoing message;
  message.body = a.value("body");
  message.group = a.string("group", "");
  message.dedup = a.string("dedup", "");
  message.delay = a.maybe_duration("delay");
  message.priority = static_cast<std::uint32_t>(std::min<std::uint64_t>(a.count("priority", 0), UINT32_MAX));
  if (const int index = a.index_of("attributes"); index != 0) message.attributes = to_value(L, index);
  const auto sent = queue.send(queue_now(L, a), std::move(message));
  if (!sent) return push_failure(L, sent.error());
  push_value(L, Value::map({{"id", queue.id_text(sent->number)},
                            {"sequence", static_cast<double>(sent->number)},
                            {"duplicate", sent->duplicate}}));
  return 1;
}

int receive(lua_State* L, MessageQueue& queue, Arguments& a) {
  std::vector<Received> got;
  const auto n = queue.receive(queue_now(L, a), a.count("max", 1), a.maybe_duration("visibility"), got);
  if (!n) return push_failure(L, n.error());
  Value::List messages;
  for (const Received& m : got) messages.push_back(queue.describe(m));
  push_value(L, Value::list(std::move(messages)));
  return 1;
}

int push_done(lua_State* L, const Expected<bool>& done) {
  if (!done) return push_failure(L, done.error());
  lua_pushboolean(L, *done);
  return 1;
}

int remove(lua_State* L, MessageQueue& queue, Arguments& a) {
  const auto receipt = Receipt::parse(a.string("receipt"));
  if (!receipt) return push_failure(L, receipt.error());
  return push_done(L, queue.remove(queue_now(L, a), *receipt));
}

int change_visibility(lua_State* L, MessageQueue& queue, Arguments& a) {
  const auto receipt = Receipt::parse(a.string("receipt"));
  if (!receipt) return push_failure(L, receipt.error());
  return push_done(L, queue.change_visibility(queue_now(L, a), *receipt, a.duration("visibility")));
}

int redrive(lua_State* L, MessageQueue& queue, Arguments& a) {
  const auto target = a.object<MessageQueue>("to");
  if (target.get() == &queue || target->options().ordering != queue.options().ordering) {
    a.reject("to", "messages go back to another queue of the same type");
  }
  lua_pushnumber(L, static_cast<double>(queue.redrive(queue_now(L, a), a.count("max", UINT64_MAX), *target)));
  return 1;
}

int counts(lua_State* L, MessageQueue& queue, Arguments& a) {
  const QueueCounts c = queue.counts(queue_now(L, a));
  const QueueTotals& t = queue.totals();
  const auto n = [](auto count) { return Value(static_cast<double>(count)); };
  push_value(L, Value::map({{"visible", n(c.visible)},
                            {"in_flight", n(c.in_flight)},
                            {"delayed", n(c.delayed)},
                            {"sent", n(t.sent)},
                            {"duplicates", n(t.duplicates)},
                            {"received", n(t.received)},
                            {"deleted", n(t.deleted)},
                            {"timed_out", n(t.timed_out)},
                            {"dead", n(t.dead)},
                            {"expired", n(t.expired)}}));
  return 1;
}

int purge(lua_State*, MessageQueue& queue) {
  queue.purge();
  return 0;
}

// Sends, receives and deletes a message so many times: for measuring, with one crossing.
int churn(lua_State* L, MessageQueue& queue, Arguments& a) {
  const std::uint64_t count = a.count("count");
  const Instant now = queue_now(L, a);
  const bool fifo = queue.options().ordering == Ordering::fifo;
  const Value body("0123456789abcdef0123456789abcdef");
  std::vector<Received> got;
  std::uint64_t done = 0;
  for (std::uint64_t i = 0; i < count && !LuaHost::of(L).interrupted(); ++i) {
    Outgoing message;
    message.body = body;
    if (fifo) {
      message.group = "churn";
      message.dedup = fmt::format("churn {}", queue.totals().sent);
    }
    if (!queue.send(now, std::move(message))) break;
    got.clear();
    const auto n = queue.receive(now, 1, std::nullopt, got);
    if (!n || *n == 0) break;
    done += queue.remove(now, got[0].receipt).ok() ? 1 : 0;
  }
  lua_pushnumber(L, static_cast<double>(done));
  return 1;
}

Param now_param() {
  return number("now", "the time in seconds; it does not run backwards")
      .at_least(0)
      .at_most(9e9)
      .optional("the last world's");
}

const Type queue{describe_type<MessageQueue>(
    "Queue",
    "Messages that are hidden while somebody works on them, and come back if they are not deleted. Time is "
    "an "
    "argument (left out, it is that of the last world). In a world, lab.queue.broker serves it.",
    {
        method<&change_visibility>(
            "change_visibility",
            {string("receipt", "of the receive"),
             duration("visibility", "how long it stays hidden from now on; 0 gives it back"), now_param()},
            "true | nil, err", "Gives more time to work, or none."),
        method<&churn>(
            "churn", {count("count", "how often"), now_param()}, "number",
            "Sends, receives and deletes a message so many times, in C++; how many times it worked."),
        method<&counts>("counts", {now_param()}, "table",
                        "Messages visible, in flight and delayed, and totals."),
        method<&remove>("delete", {string("receipt", "of the last receive of the message"), now_param()},
                        "boolean | nil, err",
                        "Takes a message away for good; false where there was nothing to delete."),
        method<&purge>("purge", "()", "Takes all messages away."),
        method<&receive>(
            "receive",
            {count("max", "messages at most").optional("1"),
             duration("visibility", "how long they stay hidden").optional("the queue's"), now_param()},
            "list of { id, receipt, body, attributes, receives, group, sent_at, ... } | nil, err",
            "Takes what is ready and hides it from others for a while."),
        method<&redrive>("redrive",
                         {object("to", "Queue", "where they came from"),
                          count("max", "messages at most").optional("all"), now_param()},
                         "number", "Moves what is ready to another queue, as new messages; how many."),
        method<&send>("send",
                      {value("body", "a text, or whatever can travel between nodes"),
                       string("group", "of fifo and fair queues: its group").optional("none"),
                       string("dedup", "of fifo queues: its deduplication id").optional("none"),
                       duration("delay", "hidden at first; not on fifo queues").optional("the queue's"),
                       count("priority", "of priority queues").optional("0"),
                       table("attributes", "names and values beside the body").optional("none"), now_param()},
                      "{ id, sequence, duplicate } | nil, err", "Adds a message."),
    },
    [](lua_State* L, int index) -> std::string {
      const MessageQueue* q = object_at<MessageQueue>(L, index);
      return fmt::format("{}, {} messages", to_string(q->options().ordering), q->size());
    })};

}  // namespace

Instant queue_now(lua_State* L, const Arguments& a) {
  return Instant(from_seconds(a.number("now", seconds_now(L))));
}

std::vector<Param> queue_params(std::vector<Param> special) {
  std::vector<Param> params = {
      duration("visibility", "how long a received message is hidden from others").optional("30 s"),
      duration("retention", "how long an undeleted message is kept").above(0).optional("4 days"),
      duration("delay", "how long a sent message is hidden at first").optional("0"),
      duration("wait", "how long a receive waits where it does not say (at a broker)").optional("0"),
      object("dead_letter", "Queue", "where messages go that were received max_receives times")
          .optional("none"),
      count("max_receives", "how often a message is received before it is a dead letter")
          .at_least(1)
          .optional("none"),
  };
  for (Param& p : special) params.push_back(std::move(p));
  params.push_back(
      table("access",
            "who may do what: { owner = '111', statements = { { effect = 'allow', principals = { '222/*' }, "
            "actions = { 'SendMessage' } } } }; requests to a broker name their principal in `as`")
          .optional("everybody everything"));
  params.push_back(
      duration("counts_lag", "how old the counts may be that a broker tells; as published up to a minute")
          .optional("0"));
  params.push_back(choice("profile", profile_names(), "whose published limits").optional("'sqs-2024'"));
  params.push_back(
      size("message_bytes", "the largest message").at_least(1).optional("the profile's: 262144"));
  params.push_back(
      count("in_flight", "messages that may be in flight").at_least(1).optional("the profile's"));
  params.push_back(
      count("batch", "messages a receive or a batch may have").at_least(1).optional("the profile's: 10"));
  params.push_back(
      rate("requests",
           "requests a second of each kind that a broker takes for it; a batch is one; 0: no limit")
          .optional("the profile's: 300 for a fifo queue"));
  params.push_back(string("name", "the beginning of its messages' ids").optional("'queue'"));
  return params;
}

int push_queue(lua_State* L, const Arguments& a, QueueOptions options) {
  const QueueProfile& profile = *find_queue_profile(a.string("profile", "sqs-2024"));
  QueueOptions o = with_profile(std::move(options), profile);
  o.name = a.string("name", o.name);
  o.visibility = a.duration("visibility", std::min(o.visibility, profile.visibility_max));
  o.retention = a.duration("retention", o.retention);
  o.delay = a.duration("delay", o.delay);
  o.wait = a.duration("wait", o.wait);
  o.counts_lag = a.duration("counts_lag", o.counts_lag);
  o.message_bytes_max = a.count("message_bytes", o.message_bytes_max);
  o.in_flight_max = a.count("in_flight", o.in_flight_max);
  o.batch_max = a.count("batch", o.batch_max);
  o.requests_max = a.number("requests", o.requests_max);
  const auto within = [&](const char* name, Duration value, Duration low, Duration high) {
    if (value < low || value > high) {
      a.reject(name, fmt::format("the profile '{}' allows {} s to {} s, got {} s", profile.name,
                                 to_seconds(low), to_seconds(high), to_seconds(value)));
    }
  };
  within("visibility", o.visibility, Duration::zero(), profile.visibility_max);
  within("retention", o.retention, profile.retention_min, profile.retention_max);
  within("delay", o.delay, Duration::zero(), profile.delay_max);
  within("wait", o.wait, Duration::zero(), profile.wait_max);
  if (a.has("access")) o.access = access_policy(L, a);
  const auto dead_letters = a.object<MessageQueue>("dead_letter");
  if ((dead_letters != nullptr) != a.has("max_receives")) {
    a.reject(dead_letters != nullptr ? "dead_letter" : "max_receives",
             "dead_letter and max_receives go together");
  }
  if (dead_letters != nullptr) {
    const std::uint64_t max = a.count("max_receives");
    if (max > profile.receives_max) {
      a.reject("max_receives",
               fmt::format("the profile '{}' allows 1 to {}", profile.name, profile.receives_max));
    }
    o.max_receives = static_cast<std::uint32_t>(max);
    if (dead_letters->options().ordering != o.ordering) {
      a.reject("dead_letter", fmt::format("the dead-letter queue of a {} queue is a {} queue, got a {} one",
                                          to_string(o.ordering), to_string(o.ordering),
                                          to_string(dead_letters->options().ordering)));
    }
  }
  auto made = std::make_shared<MessageQueue>(std::move(o));
  if (dead_letters != nullptr) made->set_dead_letters(dead_letters);
  return push(L, made);
}

}  // namespace syslab

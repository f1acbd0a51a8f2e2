#include "core/event/outbox.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bindings/event/script_function.hpp"
#include "bindings/host/convert.hpp"
#include "bindings/resilience/filter.hpp"
#include "core/base/nearest.hpp"

namespace syslab {
namespace {

void read_target(lua_State* L, const Arguments& a, OutboxOptions& o) {
  const Value to = to_value(L, a.index_of("to"));
  const std::vector<std::string> known = {"node", "queue", "bus", "topic", "store", "target"};
  const auto text = [&](const char* name) {
    return to[name].is_string() ? std::string(to[name].string()) : std::string();
  };
  if (to.is_map()) {
    for (const auto& [name, value] : to.map()) {
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        a.reject("to", fmt::format("there is no '{}' in it{}", name, did_you_mean(name, known)));
      }
    }
  }
  const std::vector<std::pair<const char*, OutboxOptions::Kind>> kinds = {
      {"node", OutboxOptions::Kind::node},   {"queue", OutboxOptions::Kind::queue},
      {"bus", OutboxOptions::Kind::bus},     {"topic", OutboxOptions::Kind::topic},
      {"store", OutboxOptions::Kind::store},
  };
  for (const auto& [name, kind] : kinds) {
    if (text(name).empty()) continue;
    if (!o.to.empty()) a.reject("to", "give one of node, queue, bus, topic and store");
    o.kind = kind;
    o.to = text(name);
  }
  o.target = text("target");
  const bool named = o.kind == OutboxOptions::Kind::queue;
  if (o.to.empty() || (named && o.target.empty())) {
    a.reject("to",
             "expected { node = NODE }, { store = NODE }, { bus = NODE }, { topic = NODE } or { queue = "
             "NODE, target = QUEUE }");
  }
}

const Component outbox{{
    .name = "event.outbox",
    .summary =
        "A service whose rows, outgoing events and memory of requests change in one write: transactional "
        "outbox, relay and idempotent consumer. Also what a participant of a saga is made of.",
    .params =
        {function("handle",
                  "(message, rows) -> { rows = { [KEY] = VALUE or false }, events = { { type =, ... } }, "
                  "answer = VALUE }, or nil and an error, which changes nothing"),
         table("to",
               "where events go: { node = NODE }, { store = NODE }, { bus = NODE }, { topic = NODE }, or "
               "{ queue = NODE, target = QUEUE }")
             .optional("nowhere"),
         string("name", "the beginning of its events' ids, and who it is in a history").optional("'outbox'"),
         choice("publishing", {"outbox", "commit_first", "publish_first"},
                "commit_first and publish_first are two writes, and a crash can come between them")
             .optional("'outbox'"),
         boolean("inbox", "requests that come again with the same id change nothing").optional("true"),
         duration("window", "for how long ids are remembered").above(0).optional("for ever"),
         duration("timeout", "of one attempt to send an event").above(0).optional("2 s"),
         duration("retry", "the pause after a failed one").above(0).optional("1 s"),
         count("attempts", "refusals after which an event is parked").optional("no limit"),
         object("history", "History",
                "what it did is recorded there, for lab.check.events and lab.check.saga")
             .optional("none")},
    .returns = "Filter",
    .cost = "a write and a sync a group of requests",
    .paper = "Richardson, Microservices Patterns, 2018: Transactional outbox, Idempotent consumer",
    .example = R"(
local w = lab.world{ seed = 1 }
local es = w:service("es", { slots = 8, filters = { lab.event.store() } })
local shop = w:service("shop", { filters = { lab.event.outbox{ name = "shop", to = { store = "es" },
  handle = function(order, rows)
    if rows:get(order.key) then return nil, { code = "conflict", message = "there is such an order" } end
    return { rows = { [order.key] = order.item }, events = { { type = "Ordered", data = { item = order.item } } } }
  end } } })
w:inject(lab.fault.crash("es"))
shop:call{ type = "order", id = "r1", key = "o1", item = "hat" }
shop:call{ type = "order", id = "r1", key = "o1", item = "hat" }
local _, err = shop:call{ type = "order", id = "r2", key = "o1", item = "cap" }
w:inject(lab.fault.crash("shop")); w:inject(lab.fault.restart("shop")); w:inject(lab.fault.restart("es"))
w:run(5*s)
local events = es:call{ type = "read", stream = "shop" }
return err.code == "conflict" and #events == 1 and events[1].data.item == "hat"
  and #shop:call{ type = "outbox" } == 0)",
    .make =
        [](lua_State* L, Arguments& a) {
          OutboxOptions o;
          o.name = a.string("name", o.name);
          o.handle = function_option<HandleMessage>(L, a, "handle");
          if (a.has("to")) read_target(L, a, o);
          const std::string publishing = a.string("publishing", "outbox");
          o.publishing = publishing == "commit_first"    ? OutboxOptions::Publishing::commit_first
                         : publishing == "publish_first" ? OutboxOptions::Publishing::publish_first
                                                         : OutboxOptions::Publishing::outbox;
          o.inbox = a.boolean("inbox", o.inbox);
          o.window = a.duration("window", o.window);
          o.timeout = a.duration("timeout", o.timeout);
          o.retry = a.duration("retry", o.retry);
          o.attempts = a.count("attempts", o.attempts);
          o.history = a.object<History>("history");
          return push_filter(L, "outbox", make_outbox(std::move(o)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab

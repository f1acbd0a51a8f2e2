#include "core/topic/bus.hpp"

#include "bindings/host/convert.hpp"
#include "bindings/resilience/filter.hpp"
#include "bindings/topic/retries.hpp"

namespace syslab {
namespace {

Value list_of(lua_State* L, const Arguments& a, const char* name) {
  const int index = a.index_of(name);
  const Value given = index == 0 ? Value() : to_value(L, index);
  return given.is_list() ? given : Value::list({});
}

const Component bus{{
    .name = "topic.bus",
    .summary = "An event bus behind a service: rules look at an event's content and send it to their "
               "targets, with retries and "
               "dead letters; archives keep events and replay them. Requests: put, put_rule, remove_rule, "
               "enable, disable, "
               "archive, replay, rules.",
    .params = {list("rules",
                    "{ name =, pattern = {...}, targets = { { to = NODE, queue = NAME, protocol =, "
                    "dead_letter = } } }")
                   .optional("none"),
               list("archives", "{ name =, pattern =, retention = }").optional("none"), retries_param(),
               string("name", "the beginning of its events' ids").optional("'bus'")},
    .returns = "Filter",
    .cost = "O(rules) an event",
    .paper = "Amazon EventBridge user guide: event patterns, retry policy, archive and replay",
    .example = R"(
local w = lab.world{ seed = 1 }
local seen = {}
w:service("cars", { handler = function(r)
  seen[#seen + 1] = (r.body.replay or "live") .. ":" .. r.body.detail.name
  return true
end })
local bus = w:service("bus", { filters = { lab.topic.bus{
  rules = { { name = "cars", pattern = { detail = { kind = { "car" } } }, targets = { { to = "cars" } } } },
  archives = { { name = "all" } } } } })
local function put(kind, name)
  local event = { source = "shop", detail_type = "order", detail = { kind = kind, name = name } }
  return bus:call{ type = "put", entries = { event } }
end
put("car", "beetle"); put("bike", "tandem"); w:run(1*s)
local played = bus:call{ type = "replay", archive = "all" }; w:run(1*s)
return played == 2 and table.concat(seen, " ") == "live:beetle all:beetle")",
    .make =
        [](lua_State* L, Arguments& a) {
          BusOptions o;
          o.name = a.string("name", o.name);
          o.retries = retries_option(L, a);
          const Value rules = list_of(L, a, "rules"), archives = list_of(L, a, "archives");
          for (const Value& one : rules.list()) {
            auto rule = parse_rule(one);
            if (!rule) a.reject("rules", rule.error().message);
            o.rules.push_back(std::move(*rule));
          }
          for (const Value& one : archives.list()) {
            auto archive = parse_archive(one);
            if (!archive) a.reject("archives", archive.error().message);
            o.archives.push_back(std::move(*archive));
          }
          return push_filter(L, "bus", make_bus(std::move(o)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab

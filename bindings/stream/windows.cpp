#include "core/stream/windows.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"
#include "bindings/host/object.hpp"

namespace syslab {
namespace {

int push_results(lua_State* L, const std::vector<WindowResult>& results) {
  Value::List list;
  for (const WindowResult& r : results) {
    Value::Map map = {
        {"from", to_seconds(r.from)},
        {"to", to_seconds(r.to)},
        {"count", static_cast<double>(r.aggregate.count)},
        {"sum", r.aggregate.sum},
        {"min", r.aggregate.min},
        {"max", r.aggregate.max},
        {"mean", r.aggregate.count == 0 ? 0 : r.aggregate.sum / static_cast<double>(r.aggregate.count)}};
    if (!r.key.is_nil()) map.emplace_back("key", r.key);
    if (r.correction) map.emplace_back("correction", true);
    if (r.retraction) map.emplace_back("retraction", true);
    list.push_back(Value::map(std::move(map)));
  }
  push_value(L, Value::list(std::move(list)));
  return 1;
}

Instant time_of(const Arguments& a, const char* name) {
  const double t = a.number(name);
  if (!(t >= -4e9 && t <= 4e9)) a.reject(name, "a time in seconds is between -4e9 and 4e9");
  return Instant(from_seconds(t));
}

int add(lua_State* L, Windows& windows, Arguments& a) {
  std::vector<WindowResult> out;
  const bool taken = windows.add(time_of(a, "time"), a.value("key"), a.number("value", 1), out);
  push_results(L, out);
  lua_pushboolean(L, taken);
  return 2;
}

int advance(lua_State* L, Windows& windows, Arguments& a) {
  std::vector<WindowResult> out;
  windows.advance(time_of(a, "watermark"), out);
  return push_results(L, out);
}

int watermark(lua_State* L, Windows& windows) {
  if (!windows.watermark()) return 0;
  lua_pushnumber(L, to_seconds(*windows.watermark()));
  return 1;
}

int counts(lua_State* L, Windows& windows) {
  const WindowCounts& c = windows.counts();
  const auto n = [](auto count) { return Value(static_cast<double>(count)); };
  push_value(L, Value::map({{"events", n(c.events)},
                            {"late", n(c.late)},
                            {"corrected", n(c.corrected)},
                            {"results", n(c.results)},
                            {"open", n(windows.size())}}));
  return 1;
}

const Type type{describe_type<Windows>(
    "Windows",
    "Aggregates of events by the time at which they happened. Results come when the watermark says that a "
    "window is over.",
    {
        method<&add>(
            "add",
            {number("time", "when it happened, in seconds"),
             value("key", "what it is grouped by").optional("none"),
             number("value", "what is added up").optional("1")},
            "list of { key, from, to, count, sum, min, max, mean, correction, retraction }, boolean",
            "Takes an event; the results that are due now, and whether it was taken (false: too late)."),
        method<&advance>("advance", {number("watermark", "no event older than this is to come")},
                         "list of results",
                         "Says how far time has come when there are no events to show it."),
        method<&counts>("counts", "() -> { events, late, corrected, results, open }",
                        "What has happened so far."),
        method<&watermark>("watermark", "() -> number?",
                           "How far time has come, in seconds; nothing before the first event."),
    },
    [](lua_State* L, int index) {
      const Windows* w = object_at<Windows>(L, index);
      return fmt::format("{}, {} open", to_string(w->options().kind), w->size());
    })};

const Component windows{{
    .name = "stream.windows",
    .summary = "Windows over a stream of events: tumbling, hopping, sliding or session windows in event "
               "time, with a watermark, "
               "allowed lateness and late data.",
    .params =
        {choice("kind", {"tumbling", "hopping", "sliding", "session"}, "how time is cut up")
             .optional("'tumbling'"),
         duration("size", "how long a window is").above(0).at_most(1e9).optional("60 s"),
         duration("advance", "hopping: how often one begins").above(0).at_most(1e9).optional("the size"),
         duration("gap", "session: the pause that ends one").above(0).at_most(1e9).optional("300 s"),
         duration("out_of_order", "how far the watermark stays behind the newest event")
             .at_most(1e9)
             .optional("0"),
         duration("lateness", "how long after its end a window is still corrected")
             .at_most(1e9)
             .optional("0")},
    .returns = "Windows",
    .cost = "O(log n) an event and window",
    .paper = "Akidau et al. 2015, The Dataflow Model",
    .example = R"(
local w = lab.stream.windows{ kind = "tumbling", size = 10, out_of_order = 2 }
w:add{ time = 3 }; w:add{ time = 11 }
local early = w:add{ time = 9 }
local due = w:add{ time = 12 }
local _, taken = w:add{ time = 8 }
return #early == 0 and due[1].count == 2 and due[1].to == 10 and not taken)",
    .make =
        [](lua_State* L, Arguments& a) {
          EventWindowOptions o;
          const std::string kind = a.string("kind", "tumbling");
          for (const WindowKind k :
               {WindowKind::tumbling, WindowKind::hopping, WindowKind::sliding, WindowKind::session}) {
            if (to_string(k) == kind) o.kind = k;
          }
          o.size = a.duration("size", o.size);
          o.advance = a.duration("advance", o.size);
          o.gap = a.duration("gap", o.gap);
          o.out_of_order = a.duration("out_of_order", o.out_of_order);
          o.lateness = a.duration("lateness", o.lateness);
          if (o.advance > o.size)
            a.reject("advance", "windows may overlap, but not leave gaps: at most the size");
          if (o.size.count() / o.advance.count() > 100000)
            a.reject("advance", "an event would be in more than 100000 windows");
          return push(L, std::make_shared<Windows>(o));
        },
}};

}  // namespace
}  // namespace syslab

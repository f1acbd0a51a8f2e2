// The Lua type Load: a load generator and what it measured.
#include "bindings/world/load.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"

namespace syslab {
namespace {

struct LoadHandle {
  std::shared_ptr<LabWorld> world;
  Load* load;  // lives as long as its world
};

int data(lua_State* L, LoadHandle& h) {
  const LabWorld& w = alive(*h.world);
  push_value(L, h.load->report()
                    .with("seed", static_cast<double>(w.world.seed()))
                    .with("digest", w.world.digest())
                    .with("now", to_seconds(w.world.now()))
                    .with("nodes", show_nodes(w.world)));
  push(L, h.world);
  lua_setfield(L, -2, "world");
  return 1;
}

template <std::uint64_t (Load::*Count)() const>
int counted(lua_State* L, LoadHandle& h) {
  alive(*h.world);
  lua_pushnumber(L, static_cast<double>((h.load->*Count)()));
  return 1;
}

int percentile(lua_State* L, LoadHandle& h) {
  alive(*h.world);
  const double p = number_argument(L, 2, "percent");
  if (!(p >= 0 && p <= 100)) throw ScriptError("bad argument 'percent': expected a number from 0 to 100");
  lua_pushnumber(L, static_cast<double>(h.load->latency().percentile(p)) / 1e9);
  return 1;
}

int set_rate(lua_State* L, LoadHandle& h) {
  alive(*h.world);
  const double rate = number_argument(L, 2, "rate");
  if (!(rate >= 0) || !std::isfinite(rate))
    throw ScriptError("bad argument 'rate': expected requests a second, at least 0");
  h.load->set_rate(rate);
  return 0;
}

int stop(lua_State*, LoadHandle& h) {
  alive(*h.world);
  h.load->stop();
  return 0;
}

const Type load{describe_type<LoadHandle>(
    "Load", "A load generator: it sends requests to a node and measures what comes back.",
    {
        method<&data>("data", "() -> table", "Everything measured so far, as numbers."),
        method<&counted<&Load::errors>>("errors", "() -> number",
                                        "Requests that came back with an error, timeouts included."),
        method<&counted<&Load::ok>>("ok", "() -> number", "Requests that were answered."),
        method<&counted<&Load::outstanding>>("outstanding", "() -> number", "Requests on their way."),
        method<&percentile>("percentile", "(percent) -> seconds",
                            "A latency that so many percent of the answers did not exceed."),
        lua_method(
            "report", "() -> Report",
            "Rates, errors, percentiles and a sparkline with fault bands; report:html(file) writes a page.",
            "world_view", "report"),
        method<&counted<&Load::sent>>("sent", "() -> number", "Requests sent."),
        method<&set_rate>("set_rate", "(rate)", "Changes the rate of an open loop, from now on."),
        method<&stop>("stop", "()", "No more requests."),
    },
    [](lua_State* L, int index) -> std::string {
      const LoadHandle* h = object_at<LoadHandle>(L, index);
      if (h->world->closed()) return "of a closed world";
      return fmt::format("sent={}, ok={}, errors={}", h->load->sent(), h->load->ok(), h->load->errors());
    })};

}  // namespace

std::vector<Param> load_params() {
  return {
      any("to", "the node to ask").optional("required"),
      rate("rate", "requests a second that arrive whether or not earlier ones were answered: an open loop")
          .optional("none"),
      count("clients", "instead of a rate: so many clients that each wait for their answer: a closed loop")
          .optional("none"),
      distribution("think", "a client's time between an answer and its next request").optional("none"),
      choice("arrivals", {"poisson", "constant", "uniform"}, "how the arrivals of an open loop are spaced")
          .optional("'poisson'"),
      list("rates", "later rates of the open loop: {{at = 10, rate = 1000}, ...}").optional("none"),
      any("keys",
          "which keys are asked for: a stream such as lab.workload.zipf{...}, or a number of keys, all "
          "equally likely")
          .optional("requests have no key"),
      table("mix", "request types and their weights, such as { read = 0.9, write = 0.1 }")
          .optional("{ get = 1 }"),
      size("body", "bytes of payload in each request").optional("0"),
      duration("timeout", "how long it waits for an answer").above(0).optional("1 s"),
      duration("start", "when it begins").optional("now"),
      duration("stop", "when it ends").optional("never"),
      duration("interval", "width of a point in its plots").above(0).optional("0.1 s"),
      string("name", "its name in pictures").optional("'load'"),
      string("zone", "the zone it stands in").optional("none"),
  };
}

std::function<Value(Rng&)> keys_option(lua_State* L, const Arguments& a) {
  const int index = a.index_of("keys");
  if (index == 0) return nullptr;
  if (lua_type(L, index) == LUA_TNUMBER) {
    const double n = lua_tonumber(L, index);
    if (!(n >= 1 && n <= 0x1p53)) a.reject("keys", "expected at least one key");
    return [n = static_cast<std::uint64_t>(n)](Rng& rng) {
      return Value(static_cast<double>(rng.below(n) + 1));
    };
  }
  const auto stream = shared_at<KeyStream>(L, index);
  if (stream == nullptr) {
    a.reject("keys", fmt::format("expected a key stream or a number, got {}", describe_argument(L, index)));
  }
  // A stream of its own, so that two loads do not take each other's keys.
  return [keys = std::shared_ptr<KeyStream>(stream->fresh())](Rng& rng) {
    return Value(static_cast<double>(keys->next(rng)));
  };
}

int add_load(lua_State* L, LabWorld& w, Arguments& a) {
  alive(w);
  LoadOptions o;
  if (!a.has("to")) throw ScriptError("missing option 'to' for load: the node to ask");
  o.to = node_at(L, w, a.index_of("to"), "to");
  o.rate = a.number("rate", 0);
  o.clients = a.count("clients", 0);
  if ((o.rate > 0) == (o.clients > 0) && !a.has("rates")) {
    throw ScriptError("a load needs either rate (an open loop) or clients (a closed loop)");
  }
  o.think = a.distribution("think");
  const std::string arrivals = a.string("arrivals", "poisson");
  o.arrivals = arrivals == "constant"  ? LoadOptions::Arrivals::constant
               : arrivals == "uniform" ? LoadOptions::Arrivals::uniform
                                       : LoadOptions::Arrivals::poisson;
  if (const int rates = a.index_of("rates"); rates != 0) {
    const Value steps = to_value(L, rates);
    for (const Value& step : steps.is_list() ? steps.list() : Value::List{}) {
      const Value &at = step["at"], &rate = step["rate"];
      if (!at.is_number() || !rate.is_number() || !(at.number() >= 0) || !(rate.number() >= 0)) {
        a.reject("rates", "expected a list of { at = SECONDS, rate = REQUESTS_PER_SECOND }");
      }
      o.rates.push_back({Instant(from_seconds(at.number())), rate.number()});
    }
  }
  if (const int mix = a.index_of("mix"); mix != 0) {
    o.mix.clear();
    double total = 0;
    const Value weights = to_value(L, mix);
    for (const auto& [type, weight] : weights.is_map() ? weights.map() : Value::Map{}) {
      if (!weight.is_number() || !(weight.number() >= 0))
        a.reject("mix", "the weight of '" + type + "' is no number of at least 0");
      o.mix.emplace_back(type, weight.number());
      total += weight.number();
    }
    if (!(total > 0))
      a.reject("mix", "expected request types with weights, such as { read = 0.9, write = 0.1 }");
  }
  o.keys = keys_option(L, a);
  o.body_bytes = a.count("body", 0);
  o.timeout = a.duration("timeout", std::chrono::seconds(1));
  if (a.has("start")) o.start = Instant(a.duration("start"));
  if (a.has("stop")) o.stop = Instant(a.duration("stop"));
  o.zone = a.string("zone", "");
  o.series.interval = a.duration("interval", std::chrono::milliseconds(100));
  std::string name = a.string("name", "load");
  for (int i = 2; !a.has("name") && w.world.find(name).ok(); ++i) name = fmt::format("load-{}", i);
  Expected<Load*> load = w.world.add_load(name, std::move(o));
  if (!load) throw ScriptError(load.error().message);
  return push(L, std::make_shared<LoadHandle>(LoadHandle{w.shared_from_this(), *load}));
}

}  // namespace syslab

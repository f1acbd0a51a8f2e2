#include "bindings/world/autoscaler.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bindings/compute/scaling.hpp"
#include "bindings/host/convert.hpp"
#include "core/balance/balancer.hpp"
#include "core/sim/autoscaler.hpp"

namespace syslab {
namespace {

struct AutoscalerHandle {
  std::shared_ptr<LabWorld> world;
  std::shared_ptr<Autoscaler> scaler;
  std::size_t members;
};

template <std::size_t (Autoscaler::*Count)() const>
int counted(lua_State* L, AutoscalerHandle& h) {
  alive(*h.world);
  lua_pushnumber(L, static_cast<double>((*h.scaler.*Count)()));
  return 1;
}

int machine_seconds(lua_State* L, AutoscalerHandle& h) {
  alive(*h.world);
  lua_pushnumber(L, h.scaler->machine_seconds());
  return 1;
}

int readings(lua_State* L, AutoscalerHandle& h) {
  alive(*h.world);
  const auto n = [](std::size_t count) { return Value(static_cast<double>(count)); };
  Value::List list;
  for (const Autoscaler::Reading& r : h.scaler->readings()) {
    list.push_back(Value::map({{"at", to_seconds(r.at)},
                               {"metric", r.metric ? Value(*r.metric) : Value()},
                               {"desired", n(r.desired)},
                               {"serving", n(r.serving)},
                               {"booting", n(r.booting)}}));
  }
  push_value(L, Value::list(std::move(list)));
  return 1;
}

int report(lua_State* L, AutoscalerHandle& h) {
  alive(*h.world);
  const double metric = number_argument(L, 2, "metric");
  if (!(metric >= 0) || !(metric <= 1e300))
    throw ScriptError("bad argument 'metric': expected a number of at least 0");
  h.scaler->report(metric);
  return 0;
}

int set_bounds(lua_State*, AutoscalerHandle& h, Arguments& a) {
  alive(*h.world);
  const std::size_t low = a.count("min"), high = a.count("max", h.scaler->max());
  if (high > h.members) a.reject("max", fmt::format("the fleet has {} members", h.members));
  if (low > high) a.reject("min", fmt::format("it is above max, which is {}", high));
  h.scaler->set_bounds(low, high);
  return 0;
}

const Type autoscaler{describe_type<AutoscalerHandle>(
    "Autoscaler", "A node that starts and stops the members of a fleet by what it measures.",
    {
        method<&counted<&Autoscaler::booting>>("booting", "() -> number", "Members that are on their way."),
        method<&counted<&Autoscaler::desired>>("desired", "() -> number", "How many there should be."),
        method<&machine_seconds>("machine_seconds", "() -> number",
                                 "From order to stop, summed up over the members: what is paid."),
        method<&readings>("readings", "() -> list of { at, metric, desired, serving, booting }",
                          "What it has seen."),
        method<&report>("report", "(metric)",
                        "The metric, where that is 'reported', until it is told another."),
        method<&counted<&Autoscaler::serving>>("serving", "() -> number", "Members in service."),
        method<&set_bounds>(
            "set_bounds",
            {count("min", "members at least"), count("max", "members at most").optional("as it is")}, "",
            "Scaling by schedule: other bounds, from now on."),
    },
    [](lua_State* L, int index) -> std::string {
      const AutoscalerHandle* h = object_at<AutoscalerHandle>(L, index);
      if (h->world->closed()) return "of a closed world";
      return fmt::format("{} in service, {} booting, {} wanted", h->scaler->serving(), h->scaler->booting(),
                         h->scaler->desired());
    })};

// The most that any of the policies wants.
std::function<std::size_t(Instant, double, std::size_t, std::size_t)> decision(lua_State* L,
                                                                               const Arguments& a) {
  auto policies = std::make_shared<std::vector<ScalingPolicyPtr>>();
  const auto add = [&](int index) {
    const NamedScalingPolicy* p = object_at<NamedScalingPolicy>(L, index);
    if (p == nullptr) {
      a.reject("policy",
               fmt::format("expected a ScalingPolicy such as lab.compute.target_tracking{{...}}, got {}",
                           describe_argument(L, index)));
    }
    policies->push_back(p->make());
  };
  const int index = a.index_of("policy");
  if (lua_type(L, index) == LUA_TTABLE) {
    for (std::size_t i = 1; i <= lua_objlen(L, index); ++i) {
      lua_rawgeti(L, index, static_cast<int>(i));
      add(lua_gettop(L));
      lua_pop(L, 1);
    }
    if (policies->empty()) a.reject("policy", "the list is empty");
  } else {
    add(index);
  }
  return [policies](Instant now, double metric, std::size_t warm, std::size_t ordered) {
    std::size_t most = 0;
    for (const auto& p : *policies) most = std::max(most, p->desired({now, metric, warm, ordered}));
    return most;
  };
}

}  // namespace

std::vector<Param> autoscaler_params() {
  return {
      string("name", "its name"),
      any("fleet", "all members there can be, in the order in which they are launched: what w:fleet gave"),
      any("policy", "such as lab.compute.target_tracking{...}; of a list, the one counts that wants most"),
      count("min", "members at least").optional("1"),
      count("max", "members at most").at_least(1).optional("all"),
      count("start", "members in service at the beginning").optional("min"),
      any("balancer", "the balancer, or list of them, whose rotation the members join and leave")
          .optional("none: members are only started and stopped"),
      choice("metric", {"utilisation", "requests", "reported"},
             "busy share of the slots; answers a second and member; or what :report() is told")
          .optional("'utilisation'"),
      duration("period", "between two readings").above(0).optional("60 s"),
      distribution("boot", "from the order of a machine to its start").optional("60 s"),
      duration("warmup", "a started member counts in the metric only after this").optional("0"),
      duration("drain", "from leaving the rotation to the stop").optional("5 s"),
      string("zone", "the zone it stands in").optional("none")};
}

int add_autoscaler(lua_State* L, LabWorld& w, Arguments& a) {
  alive(w);
  AutoscalerOptions o;
  o.members = nodes_at(L, w, a, "fleet");
  if (o.members.empty()) a.reject("fleet", "a fleet has at least one member");
  const std::string metric = a.string("metric", "utilisation");
  using Metric = AutoscalerOptions::Metric;
  o.metric = metric == "reported"   ? Metric::reported
             : metric == "requests" ? Metric::requests
                                    : Metric::utilisation;
  for (NodeId member : o.members) {
    if (o.metric != Metric::reported && w.world.host(member).station() == nullptr) {
      a.reject("metric", fmt::format("'{}' is no service with slots, so its metric has to be 'reported'",
                                     w.world.name_of(member)));
    }
  }
  o.max = a.count("max", o.members.size());
  o.min = a.count("min", 1);
  o.start = a.count("start", o.min);
  if (o.max > o.members.size()) a.reject("max", fmt::format("the fleet has {} members", o.members.size()));
  if (o.min > o.max) a.reject("min", fmt::format("it is above max, which is {}", o.max));
  if (o.start < o.min || o.start > o.max) a.reject("start", fmt::format("expected {} to {}", o.min, o.max));
  o.period = a.duration("period", o.period);
  o.boot = a.has("boot") ? a.distribution("boot") : make_constant({.value = 60});
  o.warmup = a.duration("warmup", o.warmup);
  o.drain = a.duration("drain", o.drain);
  o.decide = decision(L, a);
  std::vector<NodeId> balancers = nodes_at(L, w, a, "balancer");
  std::vector<std::pair<NodeId, std::shared_ptr<Rotation>>> rotations;
  for (NodeId balancer : balancers) {
    const auto found = w.rotations.find(balancer);
    if (found == w.rotations.end())
      a.reject("balancer", fmt::format("'{}' is no balancer", w.world.name_of(balancer)));
    rotations.emplace_back(balancer, found->second);
  }
  o.rotate = [&world = w.world, rotations](NodeId member, bool in) {
    for (const auto& [balancer, rotation] : rotations) {
      if (in) {
        rotation->out.erase(member);
      } else {
        rotation->out.insert(member);
      }
      const auto current = rotation->current.lock();
      if (current == nullptr) continue;
      Env& env = world.env(balancer);
      current->on_start(env);
      if (in) {
        current->add(env, {.node = member});
      } else if (current->has(member)) {
        current->drain(member);
      }
    }
  };
  std::vector<NodeId> targets = o.members;
  const std::size_t members = targets.size();
  const auto scaler = std::make_shared<Autoscaler>(w.world, std::move(o));
  NodeOptions node;
  node.host = {.zone = a.string("zone", ""), .kind = "autoscaler", .targets = std::move(targets)};
  const auto added = w.world.add_node(
      a.string("name"), [scaler] { return scaler->process(); }, std::move(node));
  if (!added) throw ScriptError(added.error().message);
  return push(L, std::make_shared<AutoscalerHandle>(AutoscalerHandle{w.shared_from_this(), scaler, members}));
}

}  // namespace syslab

// Faults in Lua: `lab.fault.VERB{...}` makes a plan, w:at, w:inject and w:nemesis carry it out.
#pragma once

#include "bindings/host/convert.hpp"
#include "bindings/host/object.hpp"
#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

// The target that a parameter gives, in any of the forms of core/sim/target.hpp.
inline Target target_option(const Arguments& a, std::string_view name) {
  if (!a.has(name)) return {};
  Expected<Target> target = Target::parse(a.value(name));
  if (!target) a.reject(name, target.error().message);
  return *target;
}

// The parameter itself: its documentation names the forms.
inline Param target_param(std::string name = "target", std::string doc = "whom it hits") {
  return value(std::move(name),
               std::move(doc) +
                   ": a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', "
                   "{ zone = Z }, { random = N } or { pick = 'one', of = GROUP }");
}

// What every fault of links takes: which links it is about.
inline std::vector<Param> link_params(std::vector<Param> more) {
  std::vector<Param> params = {
      target_param("target", "all links into and out of these").optional("all links"),
      target_param("from", "links from these").optional("everybody else"),
      target_param("to", "links to these").optional("everybody else"),
      boolean("both", "the links back, too").optional("false"),
  };
  for (Param& p : more) params.push_back(std::move(p));
  return params;
}
inline LinkTarget link_options(const Arguments& a) {
  return {.target = target_option(a, "target"),
          .from = target_option(a, "from"),
          .to = target_option(a, "to"),
          .both = a.boolean("both", false)};
}

inline int push_fault(lua_State* L, FaultPtr fault) { return push(L, std::move(fault)); }

}  // namespace syslab

// Replicated data types in Lua: `lab.replicate.or_set{...}` and its like are all of the type Crdt.
#pragma once

#include <string>

#include "bindings/replicate/protocol.hpp"
#include "core/replicate/crdt.hpp"

namespace syslab {

// What a data type's descriptor adds to what all of them share.
struct CrdtDescription {
  std::string name;  // "or_set"
  std::string summary;
  std::string cost;
  std::string paper;
  std::string example;
  int (*make)(lua_State*, Arguments&);
};
Component::Description describe_crdt(CrdtDescription description);

template <std::unique_ptr<Crdt> (*Make)(CrdtOptions)>
int push_crdt(lua_State* L, Arguments& a) {
  CrdtOptions o;
  o.replica = a.string("replica", o.replica);
  o.deltas_kept = a.count("deltas_kept", 1000);
  o.bug = bug_argument(a, kCrdtBugs);
  return push(L, Make(std::move(o)));
}

}  // namespace syslab

// Balance policies in Lua: `lab.balance.STEM{...}` describes one, w:balancer{ policy = ... } uses it.
#pragma once

#include <string>

#include "bindings/host/object.hpp"
#include "core/balance/picker.hpp"

namespace syslab {

struct BalancePolicy {
  std::string name;
  PickerFactory make;  // anew for each start of the balancer
};

inline int push_policy(lua_State* L, std::string name, PickerFactory make) {
  return push(L, std::make_shared<BalancePolicy>(BalancePolicy{std::move(name), std::move(make)}));
}

}  // namespace syslab

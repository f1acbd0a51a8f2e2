#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

int describe(lua_State* L, const Fault& fault) {
  const std::string text = fault.describe();
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int options(lua_State* L, const Fault& fault) {
  push_value(L, fault.options());
  return 1;
}

const Type fault{describe_type<const Fault>(
    "Fault", "A plan to break something: made by lab.fault, carried out by w:at, w:inject and w:nemesis.",
    {
        method<&describe>("describe", "() -> string", "What it will do, in words."),
        method<&options>("options", "() -> table", "The options that make the same fault."),
    },
    [](lua_State* L, int index) { return object_at<const Fault>(L, index)->describe(); })};

}  // namespace

}  // namespace syslab

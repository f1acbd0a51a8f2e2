#include "bindings/resilience/filter.hpp"

namespace syslab {
namespace {

const Type filter{describe_type<NamedFilter>(
    "Filter", "A service that wraps another one: it may delay, refuse, repeat or answer a request itself.",
    {}, [](lua_State* L, int index) { return object_at<NamedFilter>(L, index)->name; })};

}  // namespace
}  // namespace syslab

#include "bindings/balance/picker.hpp"

namespace syslab {
namespace {

const Type policy{describe_type<BalancePolicy>(
    "BalancePolicy", "How a balancer picks the backend of a request; see w:balancer.", {},
    [](lua_State* L, int index) { return object_at<BalancePolicy>(L, index)->name; })};

}  // namespace
}  // namespace syslab

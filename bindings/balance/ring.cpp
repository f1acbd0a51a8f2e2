#include "core/balance/ring.hpp"

#include "bindings/balance/picker.hpp"

namespace syslab {
namespace {

const Component ring{{
    .name = "balance.ring",
    .summary = "All requests for a key to one backend, by a consistent hash ring; with a bound, no backend "
               "gets much more "
               "than its share.",
    .params = {count("points", "on the ring, for weight 1").at_least(1).at_most(1 << 20).optional("160"),
               number("bound", "most outstanding requests of a backend, as a multiple of the average")
                   .above(1)
                   .optional("no bound")},
    .returns = "BalancePolicy",
    .cost = "about 10 ns a pick; O(backends) with a bound",
    .paper = "Karger et al. 1997; Mirrokni et al. 2018, Consistent hashing with bounded loads",
    .example = R"(
local w = lab.world{ seed = 1 }
local app = w:fleet("app", 3, { time = 10*ms })
local lb = w:balancer("lb", app, { policy = lab.balance.ring() })
local home = lb:call{ key = "alice" }.node
for i = 1, 10 do
  if lb:call{ key = "alice" }.node ~= home then return false end
end
return true)",
    .make =
        [](lua_State* L, Arguments& a) {
          RingPickerOptions o;
          o.points = static_cast<std::uint32_t>(a.count("points", o.points));
          if (a.has("bound")) o.bound = a.number("bound");
          return push_policy(L, "ring", [o] { return make_ring_picker(o); });
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab

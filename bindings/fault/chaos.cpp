#include "core/sim/fault/chaos.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component chaos{{
    .name = "fault.chaos",
    .summary = "The chaos monkey: at random intervals it injects one of some faults and heals it again after "
               "a random time.",
    .params = {list("faults", "what it chooses from").optional("crash, pause, slow, partition and loss"),
               target_param("target", "for the default faults").optional("one"),
               duration("every", "mean time between injections").above(0).optional("10 s"),
               duration("lasting", "mean time until one is healed").above(0).optional("5 s"),
               count("at_once", "no more of its faults at a time").at_least(1).optional("1"),
               duration("span", "for how long").optional("until healed")},
    .returns = "Fault",
    .paper = "Basiri et al. 2016, Chaos Engineering",
    .example = R"(
local w = lab.world{ seed = 1 }
w:fleet("app", 5)
w:inject(lab.fault.chaos{ every = 2*s, lasting = 1*s, span = 20*s })
w:run(30*s)
return #w:faults() > 3)",
    .make =
        [](lua_State* L, Arguments& a) {
          ChaosOptions o;
          o.target = target_option(a, "target");
          o.every = a.duration("every", o.every);
          o.lasting = a.duration("lasting", o.lasting);
          o.at_once = a.count("at_once", o.at_once);
          o.span = a.maybe_duration("span");
          const int faults = a.index_of("faults");
          for (std::size_t i = 1; faults != 0 && i <= lua_objlen(L, faults); ++i) {
            lua_rawgeti(L, faults, static_cast<int>(i));
            FaultPtr fault = shared_at<Fault>(L, -1);
            if (fault == nullptr)
              a.reject("faults",
                       "item " + std::to_string(i) + " should be a Fault, got " + describe_argument(L, -1));
            o.faults.push_back(std::move(fault));
            lua_pop(L, 1);
          }
          return push_fault(L, make_chaos(std::move(o)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab

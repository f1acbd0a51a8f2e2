#include "core/id/snowflake.hpp"

#include "bindings/id/generator.hpp"

namespace syslab {
namespace {

const Component snowflake{{
    .name = "id.snowflake",
    .summary =
        "64-bit ids that sort by time: ticks since an epoch, the number of the worker, a sequence. Workers "
        "need "
        "not talk to each other, but no two may have one number. Discord's form is { epoch = 1420070400, "
        "time_bits = 42, worker_bits = 5, process_bits = 5 }, Twitter's epoch 1288834974.657.",
    .params = {count("worker", "its number, different for every generator").at_most(0x1p32).optional("0"),
               number("epoch", "tick 0, in seconds since 1970").at_least(0).at_most(6e9).optional("0"),
               duration("tick", "the unit of its time").above(0).at_most(3600).optional("1 ms"),
               count("time_bits", "how many bits the ticks have").at_least(1).at_most(62).optional("41"),
               count("worker_bits", "how many the worker has").at_most(32).optional("10"),
               count("process_bits", "how many a second number has").at_most(32).optional("0"),
               count("sequence_bits", "how many ids a tick has, as bits").at_most(32).optional("12"),
               count("process", "the second number").at_most(0x1p32).optional("0"),
               duration("tolerance", "a clock that went back by at most so much is waited for, not refused")
                   .at_most(3600)
                   .optional("0")},
    .returns = "IdGenerator",
    .cost = "O(1) an id, about 3 ns",
    .paper = "Twitter 2010, Announcing Snowflake",
    .example =
        R"(local ids = lab.id.snowflake{ epoch = 1420070400, time_bits = 42, worker_bits = 5, process_bits = 5 }
local fields = ids:parse("175928847299117063")
return fields.ms == 1462015105796 and fields.worker == 1 and fields.process == 0 and fields.sequence == 7)",
    .make =
        [](lua_State* L, Arguments& a) {
          SnowflakeOptions o;
          o.epoch = wall_argument(a.number("epoch", 0), "epoch");
          o.tick = a.duration("tick", o.tick);
          o.time_bits = static_cast<int>(a.count("time_bits", 41));
          o.worker_bits = static_cast<int>(a.count("worker_bits", 10));
          o.process_bits = static_cast<int>(a.count("process_bits", 0));
          o.sequence_bits = static_cast<int>(a.count("sequence_bits", 12));
          o.worker = a.count("worker", 0);
          o.process = a.count("process", 0);
          o.tolerance = a.duration("tolerance", o.tolerance);
          if (const std::string wrong = Snowflake::valid(o); !wrong.empty()) {
            const std::size_t colon = wrong.find(": ");
            a.reject(wrong.substr(0, colon), wrong.substr(colon + 2));
          }
          return push_generator(L, std::make_shared<Snowflake>(o));
        },
}};

}  // namespace
}  // namespace syslab

#include "bindings/host/convert.hpp"
#include "bindings/host/object.hpp"
#include "core/stream/partitioner.hpp"

namespace syslab {
namespace {

const Component partition{{
    .name = "stream.partition",
    .summary = "Which partition a key belongs to: the hash of Kafka's default partitioner (murmur2).",
    .params = {value("key", "a text, or whatever can travel between nodes"),
               count("partitions", "how many there are").at_least(1).at_most(1e9)},
    .returns = "number, from 0",
    .cost = "O(length of the key)",
    .paper = "Kafka, org.apache.kafka.common.utils.Utils.murmur2",
    .example = R"(return lab.stream.partition{ key = "foobar", partitions = 1000 } == 166)",
    .make =
        [](lua_State* L, Arguments& a) {
          lua_pushnumber(L,
                         partition_of_key(a.value("key"), static_cast<std::uint32_t>(a.count("partitions"))));
          return 1;
        },
}};

}  // namespace
}  // namespace syslab

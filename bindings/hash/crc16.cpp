#include "core/hash/crc16.hpp"

#include "bindings/hash/digest.hpp"

namespace syslab {
namespace {

const Component crc16{{
    .name = "hash.crc16",
    .summary = "CRC-16/XMODEM, the checksum by which a Redis cluster finds a key's slot.",
    .params = {text_param()},
    .returns = "number",
    .cost = "1 ns a byte",
    .paper = "Redis Cluster specification, appendix",
    .example = R"(return lab.hash.crc16("123456789") == 0x31c3)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_hash(L, static_cast<std::uint32_t>(crc16_xmodem(a.string("text"))));
        },
}};

const Component redis_slot_function{{
    .name = "hash.redis_slot",
    .summary = "The slot of a key in a Redis cluster, 0 to 16383: CRC16 of what stands in the first "
               "non-empty {braces}, "
               "else of the whole key, modulo 16384.",
    .params = {string("key", "the key")},
    .returns = "number",
    .cost = "1 ns a byte",
    .paper = "Redis Cluster specification, hash tags",
    .example = R"(return lab.hash.redis_slot("foo") == 12182
  and lab.hash.redis_slot("{user1000}.following") == lab.hash.redis_slot("{user1000}.followers"))",
    .make = [](lua_State* L, Arguments& a) { return push_hash(L, redis_slot(a.string("key"))); },
}};

}  // namespace
}  // namespace syslab

#include "core/hash/fnv1a.hpp"

#include "bindings/hash/digest.hpp"

namespace syslab {
namespace {

const Component fnv1a{{
    .name = "hash.fnv1a",
    .summary =
        "FNV-1a: a multiplication and an xor a byte. 32 bits as a number, 64 as 16 hexadecimal digits.",
    .params = {text_param(), bits_param(64)},
    .returns = "number, or 16 hexadecimal digits",
    .cost = "1 ns a byte",
    .paper = "Fowler, Noll & Vo 1991; draft-eastlake-fnv",
    .example = R"(return lab.hash.fnv1a("foobar") == 0xbf9cf968
  and lab.hash.fnv1a{ text = "foobar", bits = 64 } == "85944171f73967e8")",
    .make =
        [](lua_State* L, Arguments& a) {
          const std::string text = a.string("text");
          return bits_of(a, 64) == 64 ? push_hash(L, fnv1a_64(text)) : push_hash(L, fnv1a_32(text));
        },
}};

}  // namespace
}  // namespace syslab

#include "bindings/hash/digest.hpp"
#include "core/hash/hash64.hpp"

namespace syslab {
namespace {

const Component xxh3{{
    .name = "hash.xxh3",
    .summary = "XXH3, 64 bits: the hash by which all placements and sketches here hash a text, unless they "
               "are made to "
               "agree with others.",
    .params = {text_param(), seed_param()},
    .returns = "16 hexadecimal digits",
    .cost = "2 ns for a short text",
    .paper = "Y. Collet, xxHash 0.8",
    .example = R"(return lab.hash.xxh3("abc") == "78af5f94892f3950")",
    .make = [](lua_State* L,
               Arguments& a) { return push_hash(L, hash64(a.string("text"), a.count("seed", 0))); },
}};

}  // namespace
}  // namespace syslab

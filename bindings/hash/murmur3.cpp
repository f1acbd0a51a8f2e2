#include "core/hash/murmur3.hpp"

#include <fmt/format.h>

#include "bindings/hash/digest.hpp"

namespace syslab {
namespace {

const Component murmur3{{
    .name = "hash.murmur3",
    .summary = "MurmurHash3: 32 bits (x86_32) as a number, or 128 (x64_128) as 32 hexadecimal digits, h1 and "
               "then h2.",
    .params = {text_param(), bits_param(128),
               count("seed", "another seed is another hash").at_most(0xFFFFFFFF).optional("0")},
    .returns = "number, or 32 hexadecimal digits",
    .cost = "0.3 ns a byte",
    .paper = "A. Appleby, SMHasher",
    .example = R"(return lab.hash.murmur3("hello") == 0x248bfa47
  and lab.hash.murmur3{ text = "hello", bits = 128 } == "cbd8a7b341bd9b025b1e906a48ae1d19")",
    .make =
        [](lua_State* L, Arguments& a) {
          const std::string text = a.string("text");
          const auto seed = static_cast<std::uint32_t>(a.count("seed", 0));
          if (bits_of(a, 128) == 32) return push_hash(L, murmur3_x86_32(text, seed));
          const Hash128 hash = murmur3_x64_128(text, seed);
          const std::string digits = fmt::format("{:016x}{:016x}", hash.low, hash.high);
          lua_pushlstring(L, digits.data(), digits.size());
          return 1;
        },
}};

}  // namespace
}  // namespace syslab

#include "bindings/hash/digest.hpp"
#include "core/hash/hash64.hpp"

namespace syslab {
namespace {

const Component xxh64{{
    .name = "hash.xxh64",
    .summary =
        "XXH64, the older hash of the xxHash family, which many file formats and protocols have fixed.",
    .params = {text_param(), seed_param()},
    .returns = "16 hexadecimal digits",
    .cost = "5 ns for a short text",
    .paper = "Y. Collet, xxHash 0.8",
    .example = R"(return lab.hash.xxh64("abc") == "44bc2cf5ad770999")",
    .make =
        [](lua_State* L, Arguments& a) {
          const std::string text = a.string("text");
          return push_hash(L,
                           static_cast<std::uint64_t>(XXH64(text.data(), text.size(), a.count("seed", 0))));
        },
}};

}  // namespace
}  // namespace syslab

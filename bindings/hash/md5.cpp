#include "core/hash/md5.hpp"

#include "bindings/hash/digest.hpp"

namespace syslab {
namespace {

const Component md5_function{{
    .name = "hash.md5",
    .summary = "MD5, for agreeing with others who use it; broken for security since 2004.",
    .params = {text_param()},
    .returns = "32 hexadecimal digits",
    .cost = "150 ns up to 55 bytes, 2 ns a byte beyond",
    .paper = "RFC 1321",
    .example = R"(return lab.hash.md5("abc") == "900150983cd24fb0d6963f7d28e17f72")",
    .make = [](lua_State* L, Arguments& a) { return push_hash(L, md5(a.string("text"))); },
}};

}  // namespace
}  // namespace syslab

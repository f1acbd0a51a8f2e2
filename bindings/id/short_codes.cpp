#include "core/id/short_codes.hpp"

#include <fmt/format.h>

#include <cmath>

#include "bindings/host/convert.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/host/object.hpp"

namespace syslab {
namespace {

constexpr double kMostFilled = 1e7;

int push_text(lua_State* L, const Expected<std::string>& text) {
  if (!text) return push_failure(L, text.error());
  lua_pushlstring(L, text->data(), text->size());
  return 1;
}

int assign(lua_State* L, ShortCodes& codes) {
  return push_text(L, codes.assign(string_argument(L, 2, "text")));
}

int resolve(lua_State* L, ShortCodes& codes) {
  return push_text(L, codes.resolve(string_argument(L, 2, "code")));
}

int fill(lua_State* L, ShortCodes& codes) {
  const double n = number_argument(L, 2, "n");
  if (!(n >= 0 && n <= kMostFilled && n == std::floor(n))) {
    throw ScriptError("bad argument 'n': expected a whole number of at most 10 million");
  }
  const LuaHost& host = LuaHost::of(L);
  const std::size_t first = codes.size();
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    if (i % 4096 == 0 && host.interrupted()) break;
    const Expected<std::string> code = codes.assign(fmt::format("text {}", first + i + 1));
    if (!code) return push_failure(L, code.error());
  }
  lua_pushnumber(L, static_cast<double>(codes.size() - first));
  return 1;
}

int stats(lua_State* L, ShortCodes& codes) {
  push_value(L, Value::map({{"size", static_cast<double>(codes.size())},
                            {"space", static_cast<double>(codes.space())},
                            {"tries", static_cast<double>(codes.tries())},
                            {"collisions", static_cast<double>(codes.collisions())},
                            {"expected_collisions", codes.expected_collisions()},
                            {"worst_tries", static_cast<double>(codes.worst_tries())}}));
  return 1;
}

std::string show(lua_State* L, int index) {
  return object_at<ShortCodes>(L, index)->describe();
}

const Type codes{describe_type<ShortCodes>(
    "ShortCodes", "A register of short codes for texts.",
    {
        method<&assign>("assign", "(text) -> code | nil, err",
                        "A code for the text. err.code is 'exhausted' where no free code was found."),
        method<&fill>("fill", "(n) -> number | nil, err",
                      "Assigns codes to n more texts: text 1, text 2 ..."),
        method<&resolve>(
            "resolve", "(code) -> text | nil, err",
            "The text of a code. err.code is 'not_found', or 'malformed' for what cannot be a code."),
        method<&stats>(
            "stats", "() -> {size, space, tries, collisions, expected_collisions, worst_tries}",
            "How many codes there are and could be, how many tries met a taken one, and how many should "
            "have, by theory."),
    },
    &show)};

const Component short_codes{{
    .name = "id.short_codes",
    .summary =
        "Short codes for long texts, as a link shortener gives, and what becomes of collisions: try another "
        "random code, probe from a hash, or shuffle a counter, which has none.",
    .params =
        {choice("method", {"random", "hash", "counter", "sequence"},
                "random codes; a hash of the text; a counter through a keyed permutation; the bare counter")
             .optional("random"),
         count("length", "characters of a code").at_least(1).at_most(62).optional("7"),
         string("alphabet", "its digits, all different").optional("0-9A-Za-z"),
         count("tries", "for one code, before it gives up").at_least(1).at_most(1e6).optional("100"),
         count("seed", "of its randomness, its hash, its permutation").optional("the session's seed")},
    .returns = "ShortCodes",
    .cost = "O(1) expected, one look-up a try",
    .paper = "Black & Rogaway 2002, Ciphers with arbitrary finite domains (the permutation)",
    .example = R"(local codes = lab.id.short_codes{ method = "counter", length = 6 }
local code = codes:assign("https://example.org/")
return #code == 6 and codes:resolve(code) == "https://example.org/" and codes:stats().collisions == 0)",
    .make =
        [](lua_State* L, Arguments& a) {
          using Method = ShortCodesOptions::Method;
          ShortCodesOptions o;
          const std::string method = a.string("method", "random");
          o.method = method == "hash"      ? Method::hash
                     : method == "counter" ? Method::counter
                     : method == "random"  ? Method::random
                                           : Method::sequence;
          o.length = a.count("length", o.length);
          o.alphabet = a.string("alphabet", o.alphabet);
          o.most_tries = a.count("tries", o.most_tries);
          o.seed = a.count("seed", LuaHost::of(L).options().seed);
          if (const std::string wrong = ShortCodes::valid(o); !wrong.empty()) {
            const std::size_t colon = wrong.find(": ");
            a.reject(wrong.substr(0, colon), wrong.substr(colon + 2));
          }
          return push(L, std::make_shared<ShortCodes>(o));
        },
}};

}  // namespace
}  // namespace syslab

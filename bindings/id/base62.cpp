#include "core/id/base62.hpp"

#include <fmt/format.h>

#include <cmath>

#include "bindings/host/convert.hpp"
#include "bindings/id/generator.hpp"
#include "core/id/decimal.hpp"

namespace syslab {
namespace {

int encode(lua_State* L, Base62& digits) {
  const std::uint64_t number = whole_argument(L, 2, "number");
  double width = 1;
  if (!lua_isnoneornil(L, 3)) {
    width = number_argument(L, 3, "width");
    if (!(width >= 1 && width <= 64 && width == std::floor(width))) {
      throw ScriptError(
          fmt::format("bad argument 'width': expected a whole number from 1 to 64, got {}", width));
    }
  }
  const std::string text = digits.encode(number, static_cast<std::size_t>(width));
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int decode(lua_State* L, Base62& digits) {
  const Expected<std::uint64_t> number = digits.decode(string_argument(L, 2, "text"));
  if (!number) return push_failure(L, number.error());
  lua_pushstring(L, write_decimal(*number).c_str());
  return 1;
}

std::string show(lua_State* L, int index) {
  const auto& digits = *object_at<Base62>(L, index);
  return fmt::format("base {}", digits.base());
}

const Type digits_type{describe_type<Base62>(
    "Base62",
    "Whole numbers below 2^64 as short texts, and back. A number is given as decimal digits, or as a Lua "
    "number up to 2^53; it comes back as decimal digits (tonumber makes it a number).",
    {
        method<&decode>(
            "decode", "(text) -> decimal digits | nil, err",
            "The number of a text. err.code is 'malformed' for a character that is no digit, or for 2^64 "
            "and more."),
        method<&encode>("encode", "(number, width = 1) -> text",
                        "The text of a number, at least `width` long."),
    },
    &show)};

const Component base62{{
    .name = "id.base62",
    .summary = "Writes whole numbers in base 62, or in the base of another alphabet; exact up to 2^64 - 1.",
    .params = {string("alphabet", "the digits in order, all different").optional("0-9A-Za-z")},
    .returns = "Base62",
    .cost = "O(characters)",
    .example = R"(local b = lab.id.base62()
return b:encode(61) == "z" and b:decode("z") == "61" and b:decode(b:encode("18446744073709551615"))
  == "18446744073709551615")",
    .make =
        [](lua_State* L, Arguments& a) {
          std::string alphabet = a.string("alphabet", Base62::kAlphabet);
          if (const std::string wrong = Base62::valid(alphabet); !wrong.empty()) a.reject("alphabet", wrong);
          return push(L, std::make_shared<Base62>(std::move(alphabet)));
        },
}};

}  // namespace
}  // namespace syslab

#include "bindings/hash/digest.hpp"

#include <fmt/format.h>

#include <string>

namespace syslab {

Param text_param() {
  return string("text", "the bytes to hash");
}

Param seed_param() {
  return count("seed", "another seed is another hash").at_most(0x1p53).optional("0");
}

Param bits_param(int more) {
  return count("bits", fmt::format("of the result: 32 or {}", more)).optional("32");
}

int bits_of(const Arguments& arguments, int more) {
  const std::uint64_t bits = arguments.count("bits", 32);
  if (bits != 32 && bits != static_cast<std::uint64_t>(more)) {
    arguments.reject("bits", fmt::format("expected 32 or {}, got {}", more, bits));
  }
  return static_cast<int>(bits);
}

int push_hash(lua_State* L, std::uint32_t hash) {
  lua_pushnumber(L, hash);
  return 1;
}

int push_hash(lua_State* L, std::uint64_t hash) {
  const std::string text = fmt::format("{:016x}", hash);
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int push_hash(lua_State* L, std::span<const std::uint8_t> bytes) {
  std::string text;
  for (std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

}  // namespace syslab

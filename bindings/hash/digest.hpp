// How hashes appear in Lua.
//
// A result of up to 32 bits is a number. One of 64 or 128 bits is a text of 16 or 32 hexadecimal digits, the
// highest first, as test vectors are printed: a Lua number holds 53 bits, and a result that is sometimes a
// number would be compared wrongly one day.
#pragma once

#include <cstdint>
#include <span>

#include "bindings/host/object.hpp"

namespace syslab {

// The parameter `text` that all hash functions have: the bytes to hash.
Param text_param();
// Seeds are whole numbers below 2^53.
Param seed_param();

// The parameter `bits` of a function that gives 32 or `more`.
Param bits_param(int more);
int bits_of(const Arguments& arguments, int more);

int push_hash(lua_State* L, std::uint32_t hash);
int push_hash(lua_State* L, std::uint64_t hash);
int push_hash(lua_State* L, std::span<const std::uint8_t> bytes);

}  // namespace syslab

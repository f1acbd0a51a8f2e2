// CRC-16/XMODEM, and the slot of a key in a Redis cluster.
//
// Polynomial 0x1021, initial value 0, bits not reflected, no final xor: the check value of "123456789" is
// 0x31C3. Cost: about 2.5 ns a byte, a table of 512 bytes. Source: Redis Cluster specification, "Key
// distribution model" and "Hash tags".
#pragma once

#include <cstdint>
#include <string_view>

namespace syslab {

std::uint16_t crc16_xmodem(std::string_view bytes);

inline constexpr std::uint32_t kRedisSlots = 16384;

// The part of a key that decides its slot: what is between the first { and the first } after it, where that
// is not empty; else the whole key. So {user1000}.following and {user1000}.followers are always together.
std::string_view redis_hash_tag(std::string_view key);
// 0 to kRedisSlots - 1.
std::uint32_t redis_slot(std::string_view key);

}  // namespace syslab

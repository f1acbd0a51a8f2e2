#include "core/stream/partitioner.hpp"

#include "core/base/assert.hpp"

namespace syslab {

std::int32_t murmur2(std::string_view bytes) {
  constexpr std::uint32_t kM = 0x5bd1e995;
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
  };
  std::uint32_t h = 0x9747b28c ^ static_cast<std::uint32_t>(bytes.size());
  std::size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    std::uint32_t k = byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24;
    k *= kM;
    k ^= k >> 24;
    k *= kM;
    h = (h * kM) ^ k;
  }
  const std::size_t rest = bytes.size() - i;
  if (rest == 3) h ^= byte(i + 2) << 16;
  if (rest >= 2) h ^= byte(i + 1) << 8;
  if (rest >= 1) {
    h ^= byte(i);
    h *= kM;
  }
  h ^= h >> 13;
  h *= kM;
  h ^= h >> 15;
  return static_cast<std::int32_t>(h);
}

std::uint32_t partition_of_key(const Value& key, std::uint32_t partitions) {
  SYSLAB_ASSERT(partitions > 0);
  const std::int32_t hash = key.is_string() ? murmur2(key.string()) : murmur2(key.json());
  return (static_cast<std::uint32_t>(hash) & 0x7fffffff) % partitions;
}

}  // namespace syslab

#include "core/store/medium.hpp"

#include <fmt/format.h>

#include "core/base/rng.hpp"
#include "core/hash/hash64.hpp"
#include "core/store/coding.hpp"

namespace syslab {
namespace {

std::uint64_t checksum(std::string_view bytes, FileId file, std::size_t index) {
  return hash64(bytes, mix64(file.number * 8 + static_cast<std::uint64_t>(file.kind)) + index);
}

}  // namespace

std::string_view to_string(FileKind kind) {
  constexpr std::string_view kNames[] = {"log", "meta", "table", "page", "snapshot"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view to_string(Purpose purpose) {
  constexpr std::string_view kNames[kPurposes] = {"log",      "meta",       "flush", "compaction",
                                                  "eviction", "checkpoint", "get",   "write",
                                                  "scan",     "open",       "audit"};
  return kNames[static_cast<std::size_t>(purpose)];
}

std::uint64_t IoCounts::bytes_written() const {
  std::uint64_t sum = 0;
  for (const IoCount& count : written) sum += count.bytes;
  return sum;
}

void seal(std::string& block, FileId file, std::size_t index) {
  put_fixed(block, checksum(block, file, index));
}

Expected<std::string_view> unseal(const Block& block, FileId file, std::size_t index) {
  if (block->size() >= kSealBytes) {
    const std::string_view bytes(block->data(), block->size() - kSealBytes);
    if (fixed_at<std::uint64_t>(bytes.data() + bytes.size()) == checksum(bytes, file, index)) return bytes;
  }
  return make_error(
      "io_error", fmt::format("bad checksum in block {} of {} {}", index, to_string(file.kind), file.number));
}

}  // namespace syslab

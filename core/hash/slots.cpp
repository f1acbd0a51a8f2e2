#include "core/hash/slots.hpp"

#include <fmt/format.h>

#include <cmath>

namespace syslab {
namespace {

constexpr std::uint32_t kNobody = ~0u;

}  // namespace

std::uint64_t Slots::hash_of(std::uint64_t key) const {
  const fmt::format_int digits(key);
  // Digits have no braces to look for.
  const std::uint64_t slot = crc16_xmodem({digits.data(), digits.size()}) % kRedisSlots;
  return slot << kShift;
}

// Shares by weight, rounded down; what is left over goes to the largest remainders, and among equal ones to
// those who have the most already, so that nobody gives a slot away only to round differently.
std::vector<std::uint32_t> Slots::targets(const std::vector<std::uint32_t>& has) const {
  double weights = 0;
  for (const PlacedNode& node : nodes_) weights += node.weight;
  std::vector<std::uint32_t> target(nodes_.size()), order(nodes_.size());
  std::vector<double> rest(nodes_.size());
  std::uint32_t left = kRedisSlots;
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    const double share = kRedisSlots * (nodes_[i].weight / weights);
    target[i] = std::min(left, static_cast<std::uint32_t>(share));
    rest[i] = share - std::floor(share);
    order[i] = i;
    left -= target[i];
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return rest[a] != rest[b] ? rest[a] > rest[b] : has[a] > has[b]; });
  for (std::size_t i = 0; left > 0; i = (i + 1) % order.size(), --left) ++target[order[i]];
  return target;
}

void Slots::build(std::span<const std::uint32_t> order) {
  owners_.assign(kRedisSlots, kNobody);
  if (nodes_.empty()) return;
  const auto target = targets(std::vector<std::uint32_t>(nodes_.size(), 0));
  std::uint32_t slot = 0;
  for (std::uint32_t place : order) {
    for (std::uint32_t i = 0; i < target[place]; ++i) owners_[slot++] = place;
  }
}

void Slots::rebalance() {
  std::vector<std::uint32_t> has(nodes_.size(), 0);
  for (std::uint32_t owner : owners_) {
    if (owner != kNobody) ++has[owner];
  }
  const auto target = targets(has);
  // Who has too many gives away its last slots.
  for (std::uint32_t slot = kRedisSlots; slot-- > 0;) {
    std::uint32_t& owner = owners_[slot];
    if (owner != kNobody && has[owner] > target[owner]) {
      --has[owner];
      owner = kNobody;
    }
  }
  std::uint32_t taker = 0;
  for (std::uint32_t& owner : owners_) {
    if (owner != kNobody) continue;
    while (has[taker] >= target[taker]) ++taker;
    owner = taker;
    ++has[taker];
  }
}

void Slots::added(std::size_t place) {
  for (std::uint32_t& owner : owners_) owner += owner != kNobody && owner >= place;
  rebalance();
}

void Slots::removed(std::size_t place) {
  for (std::uint32_t& owner : owners_) {
    if (owner == place) owner = kNobody;
    owner -= owner != kNobody && owner > place;
  }
  if (!nodes_.empty()) rebalance();
}

void Slots::check() const {
  SYSLAB_ASSERT(owners_.size() == kRedisSlots);
  std::vector<std::uint32_t> has(nodes_.size(), 0);
  for (std::uint32_t owner : owners_) {
    SYSLAB_ASSERT(nodes_.empty() ? owner == kNobody : owner < nodes_.size());
    if (!nodes_.empty()) ++has[owner];
  }
  if (!nodes_.empty()) SYSLAB_ASSERT(has == targets(has));
}

std::unique_ptr<Placement> make_slots() {
  return std::make_unique<Slots>();
}

}  // namespace syslab

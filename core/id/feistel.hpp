// FeistelPermutation: a keyed shuffle of the numbers 0 to size-1 that needs no table.
//
// Each number has one image, and no two the same, so a counter that is sent through it gives numbers that
// look random and never collide. A Feistel network of four rounds permutes the next even number of bits; a
// result that is too large is sent through again until it fits (cycle walking: below four times on average,
// as the domain is below four times the size). The round function is mix64, so this hides the order of ids
// from the curious, not from a cryptanalyst. Cost: about 5 ns a pass. Papers: Luby & Rackoff 1988; Black &
// Rogaway, "Ciphers with arbitrary finite domains", 2002.
#pragma once

#include <bit>
#include <cstdint>

#include "core/base/assert.hpp"
#include "core/base/rng.hpp"

namespace syslab {

class FeistelPermutation {
 public:
  // Requires: size >= 1.
  FeistelPermutation(std::uint64_t size, std::uint64_t key)
      : size_(size),
        half_bits_((std::bit_width(size - 1) + 1) / 2),
        half_mask_(half_bits_ == 0 ? 0 : ~std::uint64_t{0} >> (64 - half_bits_)) {
    SYSLAB_ASSERT(size >= 1);
    for (std::uint64_t& round_key : keys_) round_key = key = mix64(key);
  }

  std::uint64_t size() const { return size_; }

  // Requires: number < size().
  std::uint64_t permute(std::uint64_t number) const {
    SYSLAB_ASSERT(number < size_);
    do number = pass(number);
    while (number >= size_);
    return number;
  }
  // permute(invert(x)) == x. Requires: image < size().
  std::uint64_t invert(std::uint64_t image) const {
    SYSLAB_ASSERT(image < size_);
    do image = pass_back(image);
    while (image >= size_);
    return image;
  }

 private:
  std::uint64_t round(std::uint64_t half, std::uint64_t key) const { return mix64(half ^ key) & half_mask_; }
  std::uint64_t pass(std::uint64_t x) const {
    std::uint64_t left = x >> half_bits_, right = x & half_mask_;
    for (const std::uint64_t key : keys_) {
      const std::uint64_t next = left ^ round(right, key);
      left = right;
      right = next;
    }
    return left << half_bits_ | right;
  }
  std::uint64_t pass_back(std::uint64_t x) const {
    std::uint64_t left = x >> half_bits_, right = x & half_mask_;
    for (int i = 3; i >= 0; --i) {
      const std::uint64_t before = right ^ round(left, keys_[i]);
      right = left;
      left = before;
    }
    return left << half_bits_ | right;
  }

  std::uint64_t size_;
  int half_bits_;
  std::uint64_t half_mask_;
  std::uint64_t keys_[4];
};

}  // namespace syslab

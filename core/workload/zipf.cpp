#include "core/workload/zipf.hpp"

#include <fmt/format.h>

#include <bit>

#include "core/base/distribution.hpp"

namespace syslab {
namespace {

class ZipfKeys final : public KeyStream {
 public:
  explicit ZipfKeys(const ZipfKeysOptions& options)
      : options_(options), zipf_({.count = options.count, .skew = options.skew}) {}

  std::uint64_t next(Rng& rng) override {
    const std::uint64_t rank = zipf_.rank(rng);
    return options_.scrambled ? scramble_rank(rank, options_.count) : rank;
  }
  std::uint64_t count() const override { return options_.count; }
  std::unique_ptr<KeyStream> fresh() const override { return std::make_unique<ZipfKeys>(options_); }
  std::string describe() const override {
    return fmt::format("zipf{{count = {}, skew = {}{}}}", options_.count, options_.skew,
                       options_.scrambled ? ", scrambled = true" : "");
  }

 private:
  ZipfKeysOptions options_;
  Zipf zipf_;
};

}  // namespace

std::uint64_t scramble_rank(std::uint64_t rank, std::uint64_t count) {
  // Every step is a bijection of the numbers below 2^bits: an odd multiplication, a shift to the right xored
  // in. What falls outside of the range is mapped again until it falls inside (cycle walking: Black & Rogaway
  // 2002), less than twice on average.
  const int bits = std::max(2, static_cast<int>(std::bit_width(count - 1)));
  const std::uint64_t mask = bits == 64 ? ~0ull : (std::uint64_t{1} << bits) - 1;
  const int half = (bits + 1) / 2;
  std::uint64_t x = rank - 1;
  do {
    x = (x + 0x9E3779B97F4A7C15ull) & mask;  // so that 0 is not its own image
    x = (x * 0xBF58476D1CE4E5B9ull) & mask;
    x ^= x >> half;
    x = (x * 0x94D049BB133111EBull) & mask;
    x ^= x >> half;
  } while (x >= count);
  return x + 1;
}

std::unique_ptr<KeyStream> make_zipf_keys(const ZipfKeysOptions& options) {
  return std::make_unique<ZipfKeys>(options);
}

}  // namespace syslab

#include "core/sketch/cuckoo_filter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "core/base/assert.hpp"
#include "core/base/exact_math.hpp"
#include "core/base/probe_table.hpp"
#include "core/base/rng.hpp"
#include "core/sketch/probes.hpp"

namespace syslab {
namespace {

constexpr int kSlots = 4;
constexpr int kMostKicks = 500;
constexpr double kMostLoad = 0.95;

__extension__ typedef unsigned __int128 Wide;

// A bucket is 4 f bits, and so begins at a byte or in its middle; it is read and written as one word.
// Fingerprints are never 0, which marks a free slot. Word holds 4 f bits and, where they begin in the middle
// of a byte (f is odd), four more: f <= 16 in 64 bits, f <= 32 in 128. kBits is f where it is known to the
// compiler, else 0.
template <class Word, int kBits = 0>
class CuckooFilter final : public MembershipFilter {
 public:
  explicit CuckooFilter(const CuckooOptions& options)
      : options_(options),
        fingerprints_((std::uint64_t{1} << options.fingerprint_bits) - 1),
        bucket_mask_(options.buckets - 1) {
    for (int slot = 0; slot < kSlots; ++slot) ones_ |= Word{1} << slot * f();
    high_ = ones_ << (f() - 1);
    lanes_ = ones_ * static_cast<Word>(fingerprints_);
    bytes_.resize(table_bytes() + sizeof(Word));
  }

  std::string_view name() const override { return "cuckoo_filter"; }
  std::string describe() const override {
    return fmt::format("cuckoo_filter{{buckets = {}, fingerprint_bits = {}}}", options_.buckets, f());
  }
  void clear() override {
    std::fill(bytes_.begin(), bytes_.end(), 0);
    size_ = 0;
    kicks_ = Rng(1);
  }
  std::size_t memory_bytes() const override { return bytes_.size(); }
  std::optional<Error> merge(const Sketch&) override {
    return make_error("conflict", "cuckoo filters cannot be merged: the union may have no room");
  }
  void check_invariants() const override {
    std::uint64_t held = 0;
    for (std::uint64_t b = 0; b <= bucket_mask_; ++b) {
      for (int slot = 0; slot < kSlots; ++slot) {
        const std::uint64_t fp = at(load(b), slot);
        if (fp == 0) continue;
        ++held;
        SYSLAB_ASSERT(other(other(b, fp), fp) == b);
      }
    }
    SYSLAB_ASSERT(held == size_);
  }

  bool contains(std::uint64_t hash) const override {
    const std::uint64_t fp = fingerprint(hash);
    const std::uint64_t b = hash & bucket_mask_;
    return (matches(load(b), fp) | matches(load(other(b, fp)), fp)) != 0;
  }

  bool add(std::uint64_t hash) override {
    std::uint64_t fp = fingerprint(hash);
    std::uint64_t b = hash & bucket_mask_;
    if (put(b, fp) || put(other(b, fp), fp)) return ++size_, true;
    if (size_ == kSlots * options_.buckets) return false;
    const Rng before = kicks_;
    if (kicks_.next() >> 63 != 0) b = other(b, fp);
    path_.clear();
    for (int kick = 0; kick < kMostKicks; ++kick) {
      const int slot = static_cast<int>(kicks_.next() >> 62);
      fp = exchange(b, slot, fp);
      path_.push_back({b, slot});
      b = other(b, fp);
      if (put(b, fp)) return ++size_, true;
    }
    // The one in hand goes back to where it was thrown out, and so on to the first.
    for (; !path_.empty(); path_.pop_back()) fp = exchange(path_.back().bucket, path_.back().slot, fp);
    kicks_ = before;
    return false;
  }

  bool removable() const override { return true; }
  bool remove(std::uint64_t hash) override {
    const std::uint64_t fp = fingerprint(hash);
    std::uint64_t b = hash & bucket_mask_;
    for (int side = 0; side < 2; ++side, b = other(b, fp)) {
      if (const Word found = matches(load(b), fp); found != 0) {
        exchange(b, first(found), 0);
        --size_;
        return true;
      }
    }
    return false;
  }

  std::uint64_t size() const override { return size_; }
  double expected_false_positives(double keys) const override {
    const double load = std::min(1.0, keys / (kSlots * static_cast<double>(options_.buckets)));
    return -exact_expm1(2 * kSlots * load * exact_log1p(-1 / static_cast<double>(fingerprints_)));
  }
  std::unique_ptr<MembershipFilter> fresh() const override {
    return std::make_unique<CuckooFilter>(options_);
  }

 private:
  int f() const { return kBits != 0 ? kBits : options_.fingerprint_bits; }

  struct Place {
    std::uint64_t bucket;
    int slot;
  };

  std::size_t table_bytes() const {
    return (options_.buckets * static_cast<std::uint64_t>(kSlots * f()) + 7) / 8;
  }

  // The bucket comes from the lower bits of the hash, the fingerprint from the upper ones.
  std::uint64_t fingerprint(std::uint64_t hash) const { return 1 + ((hash >> 32) * fingerprints_ >> 32); }
  std::uint64_t other(std::uint64_t bucket, std::uint64_t fp) const {
    return (bucket ^ fold_hash(fp)) & bucket_mask_;
  }

  std::size_t byte_of(std::uint64_t bucket) const { return bucket * static_cast<std::uint64_t>(f()) / 2; }
  int shift_of(std::uint64_t bucket) const {
    return static_cast<int>(bucket * static_cast<std::uint64_t>(f()) % 2) * 4;
  }
  Word load(std::uint64_t bucket) const {
    Word word;
    std::memcpy(&word, &bytes_[byte_of(bucket)], sizeof word);
    return word >> shift_of(bucket) & lanes_;
  }
  std::uint64_t at(Word bucket, int slot) const {
    return static_cast<std::uint64_t>(bucket >> slot * f()) & fingerprints_;
  }
  std::uint64_t exchange(std::uint64_t bucket, int slot, std::uint64_t fp) {
    Word word;
    std::memcpy(&word, &bytes_[byte_of(bucket)], sizeof word);
    const int shift = shift_of(bucket) + slot * f();
    const std::uint64_t old = static_cast<std::uint64_t>(word >> shift) & fingerprints_;
    word ^= static_cast<Word>(old ^ fp) << shift;
    std::memcpy(&bytes_[byte_of(bucket)], &word, sizeof word);
    return old;
  }
  // The top bit of every slot that holds `fp`; above the lowest, bits may be wrong.
  Word matches(Word bucket, std::uint64_t fp) const {
    const Word difference = bucket ^ ones_ * static_cast<Word>(fp);
    return (difference - ones_) & ~difference & high_;
  }
  int first(Word matches) const {
    const auto low = static_cast<std::uint64_t>(matches);
    if constexpr (sizeof(Word) > sizeof low) {
      if (low == 0) return (64 + std::countr_zero(static_cast<std::uint64_t>(matches >> 64))) / f();
    }
    return std::countr_zero(low) / f();
  }
  bool put(std::uint64_t bucket, std::uint64_t fp) {
    const Word free = matches(load(bucket), 0);
    if (free == 0) return false;
    exchange(bucket, first(free), fp);
    return true;
  }

  CuckooOptions options_;
  std::uint64_t fingerprints_;  // the largest fingerprint, and how many there are
  std::uint64_t bucket_mask_;
  Word ones_ = 0;                    // the lowest bit of every slot
  Word high_ = 0;                    // the highest
  Word lanes_ = 0;                   // all bits of a bucket
  std::vector<std::uint8_t> bytes_;  // the buckets, and a word of nothing so that the last can be read as one
  std::uint64_t size_ = 0;
  Rng kicks_{1};
  std::vector<Place> path_;
};

}  // namespace

CuckooOptions cuckoo_for(double capacity, double rate) {
  SYSLAB_ASSERT(capacity >= 1 && capacity <= 0x1p36 && rate > 0 && rate < 1);
  CuckooOptions o;
  o.buckets = std::bit_ceil(static_cast<std::uint64_t>(std::ceil(capacity / (kSlots * kMostLoad))));
  constexpr double kLn2 = 0.693147180559945309;
  const double bits = std::ceil(exact_log(2 * kSlots * kMostLoad / rate) / kLn2);
  o.fingerprint_bits = static_cast<int>(std::clamp(bits, 4.0, 32.0));
  return o;
}

std::unique_ptr<MembershipFilter> make_cuckoo_filter(const CuckooOptions& o) {
  SYSLAB_ASSERT(std::has_single_bit(o.buckets) && o.buckets <= std::uint64_t{1} << 32);
  SYSLAB_ASSERT(o.fingerprint_bits >= 4 && o.fingerprint_bits <= 32);
  if (o.fingerprint_bits == 8) return std::make_unique<CuckooFilter<std::uint64_t, 8>>(o);
  if (o.fingerprint_bits == 12) return std::make_unique<CuckooFilter<std::uint64_t, 12>>(o);
  if (o.fingerprint_bits == 16) return std::make_unique<CuckooFilter<std::uint64_t, 16>>(o);
  if (o.fingerprint_bits <= 16) return std::make_unique<CuckooFilter<std::uint64_t>>(o);
  return std::make_unique<CuckooFilter<Wide>>(o);
}

}  // namespace syslab

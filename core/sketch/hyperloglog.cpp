#include "core/sketch/hyperloglog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/assert.hpp"
#include "core/hash/hash64.hpp"

namespace syslab {
namespace {

// sqrt(3 ln 2 - 1), which is 1.0389...: what the papers round to 1.04.
constexpr double kErrorConstant = 1.038961;

// The two series of Ertl's algorithm 6: what the registers at 0 and at the top would hold if ranks went on
// for ever. Each converges quadratically; only + * and sqrt, so it is bit-equal everywhere.
double sigma(double x) {
  double y = 1, z = x, before = -1;
  while (z != before) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1, z = 1 - x, before = -1;
  while (z != before) {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  }
  return z / 3;
}

}  // namespace

HyperLogLog::HyperLogLog(int precision) : precision_(precision), end_(std::uint64_t{1} << (precision - 1)) {
  SYSLAB_ASSERT(precision >= kLeastPrecision && precision <= kMostPrecision);
  bytes_.resize(registers() * 6 / 8 + 1);
}

int HyperLogLog::precision_for(double error) {
  SYSLAB_ASSERT(error > 0);
  int p = kLeastPrecision;
  while (p < kMostPrecision && HyperLogLog(p).standard_error() > error) ++p;
  return p;
}

double HyperLogLog::standard_error() const {
  return kErrorConstant / std::sqrt(static_cast<double>(registers()));
}

void HyperLogLog::clear() {
  std::fill(bytes_.begin(), bytes_.end(), 0);
}

void HyperLogLog::set(std::uint64_t i, unsigned rank) {
  const unsigned shift = shift_of(i);
  const auto pair = static_cast<std::uint16_t>((load(i) & ~(63u << shift)) | rank << shift);
  std::memcpy(&bytes_[i * 6 / 8], &pair, sizeof pair);
}

double HyperLogLog::estimate() const {
  const int top = 64 - precision_ + 1;  // the largest rank
  std::uint64_t count[64] = {};
  for (std::uint64_t i = 0; i < registers(); ++i) ++count[rank_at(i)];
  const auto m = static_cast<double>(registers());
  if (count[0] == registers()) return 0;
  double z = m * tau(1 - static_cast<double>(count[top]) / m);
  for (int k = top - 1; k >= 1; --k) z = 0.5 * (z + static_cast<double>(count[k]));
  z += m * sigma(static_cast<double>(count[0]) / m);
  constexpr double kAlpha = 0.721347520444481704;  // 1 / (2 ln 2)
  return kAlpha * m * m / z;
}

std::optional<Error> HyperLogLog::merge(const Sketch& other) {
  const auto* sketch = dynamic_cast<const HyperLogLog*>(&other);
  if (sketch == nullptr || sketch->precision_ != precision_) return unlike(*this, other);
  for (std::uint64_t i = 0; i < registers(); ++i) {
    if (const unsigned rank = sketch->rank_at(i); rank > rank_at(i)) set(i, rank);
  }
  return std::nullopt;
}

Accuracy HyperLogLog::accuracy(std::span<const std::uint64_t> ids) const {
  std::vector<std::uint64_t> keys(ids.begin(), ids.end());
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  Accuracy a;
  a.error = "relative error of the count, root of the mean square";
  a.items = ids.size();
  a.keys = keys.size();
  a.theory = standard_error();
  constexpr std::uint64_t kSketches = 64;
  double squares = 0;
  std::uint64_t outside = 0;
  HyperLogLog sketch(precision_);
  for (std::uint64_t seed = 0; seed < kSketches && !keys.empty(); ++seed) {
    sketch.clear();
    for (const std::uint64_t key : keys) sketch.add(hash64(key, seed));
    const double error = sketch.estimate() / static_cast<double>(keys.size()) - 1;
    squares += error * error;
    outside += std::abs(error) > 2 * a.theory;
  }
  a.measured = std::sqrt(squares / kSketches);
  a.outside = static_cast<double>(outside) / kSketches;
  a.memory_bytes = memory_bytes();
  a.theory_bytes = static_cast<std::size_t>(std::ceil(static_cast<double>(registers()) * 6 / 8));
  a.exact_bytes = 8 * a.keys;
  return a;
}

void HyperLogLog::check_invariants() const {
  for (std::uint64_t i = 0; i < registers(); ++i) {
    SYSLAB_ASSERT(rank_at(i) <= static_cast<unsigned>(64 - precision_ + 1));
  }
  SYSLAB_ASSERT(bytes_.back() == 0);
}

std::string HyperLogLog::describe() const {
  return fmt::format("hyperloglog{{precision = {}}}", precision_);
}

}  // namespace syslab

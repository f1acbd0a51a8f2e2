#include "core/sketch/count_min.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/assert.hpp"
#include "core/base/exact_math.hpp"
#include "core/hash/hash64.hpp"

namespace syslab {
namespace {

constexpr double kE = 2.71828182845904524;

}  // namespace

CountMinOptions count_min_for(double epsilon, double delta) {
  SYSLAB_ASSERT(epsilon > 0 && epsilon < 1 && delta > 0 && delta < 1);
  CountMinOptions o;
  o.width = static_cast<std::uint64_t>(std::min(std::ceil(kE / epsilon), 0x1p62));
  o.depth = static_cast<int>(std::clamp(std::ceil(-exact_log(delta)), 1.0, double{CountMin::kMostDepth}));
  return o;
}

CountMin::CountMin(const CountMinOptions& options) : options_(options) {
  SYSLAB_ASSERT(options.width >= 1 && options.depth >= 1 && options.depth <= kMostDepth);
  counters_.resize(options.width * static_cast<std::uint64_t>(options.depth));
}

double CountMin::epsilon() const {
  return std::min(1.0, kE / static_cast<double>(options_.width));
}
double CountMin::delta() const {
  return exact_exp(-options_.depth);
}

void CountMin::clear() {
  std::fill(counters_.begin(), counters_.end(), 0);
  total_ = 0;
}

bool CountMin::add_conservatively(std::uint64_t hash, std::uint64_t count) {
  const std::uint64_t width = options_.width;
  const int depth = options_.depth;
  Probes probes(hash);
  std::uint64_t* counters[kMostDepth];
  std::uint64_t* row = counters_.data();
  std::uint64_t least = ~std::uint64_t{0};
  for (int i = 0; i < depth; ++i, row += width) {
    counters[i] = &row[probes.next(width)];
    least = std::min(least, *counters[i]);
  }
  for (int i = 0; i < depth; ++i) *counters[i] = std::max(*counters[i], least + count);
  return true;
}

std::uint64_t CountMin::estimate(std::uint64_t hash) const {
  Probes probes(hash);
  std::uint64_t least = ~std::uint64_t{0};
  for (int i = 0; i < options_.depth; ++i) least = std::min(least, row(i)[probes.next(options_.width)]);
  return least;
}

std::optional<Error> CountMin::merge(const Sketch& other) {
  const auto* sketch = dynamic_cast<const CountMin*>(&other);
  if (sketch == nullptr || sketch->options_.width != options_.width ||
      sketch->options_.depth != options_.depth || sketch->options_.conservative != options_.conservative) {
    return unlike(*this, other);
  }
  std::uint64_t total = 0;
  if (__builtin_add_overflow(total_, sketch->total_, &total)) {
    return make_error("conflict", "the counts of both are 2^64 or more");
  }
  for (std::size_t i = 0; i < counters_.size(); ++i) counters_[i] += sketch->counters_[i];
  total_ = total;
  return std::nullopt;
}

Accuracy CountMin::accuracy(std::span<const std::uint64_t> ids) const {
  CountMin sketch(options_);
  std::vector<std::uint64_t> sorted(ids.begin(), ids.end());
  for (const std::uint64_t id : sorted)
    sketch.add(hash64(id));  // in their order, which conservative updates see
  std::sort(sorted.begin(), sorted.end());
  Accuracy a;
  a.error = "mean overestimate of a key, as a share of all counts";
  a.items = ids.size();
  a.theory = epsilon();
  const auto all = static_cast<double>(ids.size());
  double sum = 0, outside = 0;
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t end = i;
    while (end < sorted.size() && sorted[end] == sorted[i]) ++end;
    const auto over = static_cast<double>(sketch.estimate(hash64(sorted[i])) - (end - i));
    sum += over;
    outside += over > a.theory * all ? 1 : 0;
    ++a.keys;
    i = end;
  }
  if (a.keys > 0) {
    a.measured = sum / static_cast<double>(a.keys) / all;
    a.outside = outside / static_cast<double>(a.keys);
  }
  a.memory_bytes = memory_bytes();
  a.theory_bytes = static_cast<std::size_t>(std::ceil(kE / a.theory * options_.depth * 8));
  a.exact_bytes = 16 * a.keys;
  return a;
}

void CountMin::check_invariants() const {
  // Every row counts everything once; conservatively, no more than that.
  for (int i = 0; i < options_.depth; ++i) {
    std::uint64_t sum = 0;
    for (std::uint64_t j = 0; j < options_.width; ++j) sum += row(i)[j];
    SYSLAB_ASSERT(options_.conservative ? sum <= total_ : sum == total_);
  }
}

std::string CountMin::describe() const {
  return fmt::format("count_min{{width = {}, depth = {}{}}}", options_.width, options_.depth,
                     options_.conservative ? ", conservative = true" : "");
}

}  // namespace syslab

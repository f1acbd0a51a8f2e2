#include "core/sketch/membership.hpp"

#include <algorithm>
#include <vector>

#include "core/base/exact_math.hpp"
#include "core/base/rng.hpp"
#include "core/hash/hash64.hpp"

namespace syslab {

Accuracy MembershipFilter::accuracy(std::span<const std::uint64_t> ids) const {
  std::vector<std::uint64_t> keys(ids.begin(), ids.end());
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  const auto filter = fresh();
  for (const std::uint64_t key : keys) {
    if (!filter->add(hash64(key))) break;
  }
  Accuracy a;
  a.error = "false positive rate";
  a.items = ids.size();
  a.keys = filter->size();
  const auto n = static_cast<double>(a.keys);
  a.theory = filter->expected_false_positives(n);
  // Strangers are hashes at random: one of 2^64 that is a key's does not happen.
  const double wanted = a.theory > 0 ? 2000 / a.theory : 1e7;
  const auto strangers = static_cast<std::uint64_t>(std::clamp(wanted, 1e5, 1e7));
  Rng rng(0x5EED);
  std::uint64_t reported = 0;
  for (std::uint64_t i = 0; i < strangers; ++i) reported += filter->contains(rng.next());
  a.measured = static_cast<double>(reported) / static_cast<double>(strangers);
  a.memory_bytes = memory_bytes();
  constexpr double kLn2 = 0.693147180559945309;
  const double bits = a.theory > 0 ? -exact_log(a.theory) / kLn2 * n : 0;
  a.theory_bytes = static_cast<std::size_t>(std::ceil(bits / 8));
  a.exact_bytes = 8 * a.keys;
  return a;
}

}  // namespace syslab

#include "core/workload/zipf_trace.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/base/exact_math.hpp"

namespace syslab {
namespace {

class ZipfTrace final : public RequestTrace {
 public:
  explicit ZipfTrace(const ZipfTraceOptions& options) : options_(options), sums_(options.count) {
    double sum = 0;
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      const auto rank = static_cast<double>(i + 1);
      sum += 1.0 / (options.skew == 1 ? rank : exact_pow(rank, options.skew));
      sums_[i] = sum;
    }
    rewind();
  }

  Expected<std::size_t> read(RequestBatch& batch) override {
    batch.clear();
    const std::uint64_t n = std::min<std::uint64_t>(kBatch, options_.requests - given_);
    batch.ids.resize(n);
    for (std::uint64_t& id : batch.ids) {
      const double u = static_cast<double>(draw() >> 11) * 0x1p-53 * sums_.back();
      id = static_cast<std::uint64_t>(std::lower_bound(sums_.begin(), sums_.end(), u) - sums_.begin()) + 1;
    }
    given_ += n;
    return static_cast<std::size_t>(n);
  }
  void rewind() override {
    state_ = options_.seed;
    given_ = 0;
  }
  std::string describe() const override {
    return fmt::format("{} requests, zipf_trace{{count = {}, skew = {}, seed = {}}}", options_.requests,
                       options_.count, options_.skew, options_.seed);
  }

 private:
  std::uint64_t draw() {  // xorshift64*
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 2685821657736338717ull;
  }

  ZipfTraceOptions options_;
  std::vector<double> sums_;  // sums_[i]: of ranks 1 to i + 1
  std::uint64_t state_ = 0;
  std::uint64_t given_ = 0;
};

}  // namespace

std::unique_ptr<RequestTrace> make_zipf_trace(const ZipfTraceOptions& options) {
  SYSLAB_ASSERT(options.count >= 1 && options.count <= 100000000);
  SYSLAB_ASSERT(options.skew >= 0 && options.skew <= 100);
  SYSLAB_ASSERT(options.seed > 0);
  return std::make_unique<ZipfTrace>(options);
}

}  // namespace syslab

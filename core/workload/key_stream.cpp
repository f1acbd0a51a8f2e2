#include "core/workload/key_stream.hpp"

#include <algorithm>

namespace syslab {
namespace {

class GeneratedTrace final : public RequestTrace {
 public:
  GeneratedTrace(const KeyStream& keys, std::uint64_t requests, std::uint64_t seed)
      : keys_(keys.fresh()), requests_(requests), seed_(seed), rng_(seed) {}

  Expected<std::size_t> read(RequestBatch& batch) override {
    batch.clear();
    const std::uint64_t n = std::min<std::uint64_t>(kBatch, requests_ - given_);
    batch.ids.resize(n);
    for (std::uint64_t& id : batch.ids) id = keys_->next(rng_);
    given_ += n;
    return static_cast<std::size_t>(n);
  }
  void rewind() override {
    keys_ = keys_->fresh();
    rng_ = Rng(seed_);
    given_ = 0;
  }
  std::string describe() const override {
    return std::to_string(requests_) + " requests, " + keys_->describe();
  }

 private:
  std::unique_ptr<KeyStream> keys_;
  std::uint64_t requests_;
  std::uint64_t seed_;
  Rng rng_;
  std::uint64_t given_ = 0;
};

}  // namespace

std::unique_ptr<RequestTrace> make_generated_trace(const KeyStream& keys, std::uint64_t requests,
                                                   std::uint64_t seed) {
  return std::make_unique<GeneratedTrace>(keys, requests, seed);
}

}  // namespace syslab

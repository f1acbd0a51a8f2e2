#include "core/workload/uniform.hpp"

#include "core/base/assert.hpp"

namespace syslab {
namespace {

class UniformKeys final : public KeyStream {
 public:
  explicit UniformKeys(const UniformKeysOptions& options) : count_(options.count) {
    SYSLAB_ASSERT(count_ >= 1);
  }

  std::uint64_t next(Rng& rng) override { return 1 + rng.below(count_); }
  std::uint64_t count() const override { return count_; }
  std::unique_ptr<KeyStream> fresh() const override { return std::make_unique<UniformKeys>(*this); }
  std::string describe() const override { return "uniform{count = " + std::to_string(count_) + "}"; }

 private:
  std::uint64_t count_;
};

}  // namespace

std::unique_ptr<KeyStream> make_uniform_keys(const UniformKeysOptions& options) {
  return std::make_unique<UniformKeys>(options);
}

}  // namespace syslab

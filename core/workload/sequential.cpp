#include "core/workload/sequential.hpp"

#include "core/base/assert.hpp"

namespace syslab {
namespace {

class SequentialKeys final : public KeyStream {
 public:
  explicit SequentialKeys(const SequentialKeysOptions& options) : count_(options.count) {
    SYSLAB_ASSERT(count_ >= 1);
  }

  std::uint64_t next(Rng&) override {
    last_ = last_ == count_ ? 1 : last_ + 1;
    return last_;
  }
  std::uint64_t count() const override { return count_; }
  std::unique_ptr<KeyStream> fresh() const override { return make_sequential_keys({.count = count_}); }
  std::string describe() const override { return "sequential{count = " + std::to_string(count_) + "}"; }

 private:
  std::uint64_t count_;
  std::uint64_t last_ = 0;
};

}  // namespace

std::unique_ptr<KeyStream> make_sequential_keys(const SequentialKeysOptions& options) {
  return std::make_unique<SequentialKeys>(options);
}

}  // namespace syslab

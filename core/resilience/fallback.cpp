#include "core/resilience/fallback.hpp"

#include <cstdint>

namespace syslab {
namespace {

class Fallback final : public FilterService {
 public:
  Fallback(const FallbackOptions& options, ServicePtr inner)
      : FilterService("fallback", std::move(inner)), value_(options.value) {}

  void call(Env& env, Request request, Reply reply) override {
    inner_->call(env, std::move(request), [this, reply = std::move(reply)](Result result) {
      if (result.ok() || !is_fault(result.error())) {
        reply(std::move(result));
        return;
      }
      ++used_;
      reply(value_);
    });
  }

 private:
  Value state() const override { return Value::map({{"used", static_cast<double>(used_)}}); }

  const Value value_;
  std::uint64_t used_ = 0;
};

}  // namespace

Filter make_fallback(const FallbackOptions& options) {
  return [options](ServicePtr inner) { return std::make_shared<Fallback>(options, std::move(inner)); };
}

}  // namespace syslab

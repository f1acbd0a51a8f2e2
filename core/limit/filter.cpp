#include "core/limit/filter.hpp"

#include <fmt/format.h>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

class LimitFilter final : public FilterService {
 public:
  LimitFilter(const LimitFilterOptions& options, ServicePtr inner)
      : FilterService("limit", std::move(inner)),
        limiter_(options.limiter ? options.limiter() : nullptr),
        keyed_(options.keyed_limiter ? options.keyed_limiter() : nullptr),
        by_(options.by) {}

  void call(Env& env, Request request, Reply reply) override {
    const Decision decision =
        limiter_ ? limiter_->admit(env.now()) : keyed_->admit(budget_of(request), env.now());
    if (decision.admitted) {
      ++admitted_;
      inner_->call(env, std::move(request), std::move(reply));
      return;
    }
    ++refused_;
    reply(make_error("rate_limited", decision.retry_after == Duration::max()
                                         ? "never admitted"
                                         : fmt::format("again in {} s", to_seconds(decision.retry_after))));
  }

 private:
  std::uint64_t budget_of(const Request& request) const {
    return by_ == LimitFilterOptions::By::caller ? request.from.index : request.key().hash();
  }

  Value state() const override {
    return Value::map({{"limiter", limiter_ ? limiter_->describe() : keyed_->describe()},
                       {"admitted", static_cast<double>(admitted_)},
                       {"refused", static_cast<double>(refused_)}});
  }

  const std::unique_ptr<Limiter> limiter_;
  const std::unique_ptr<KeyedLimiter> keyed_;
  const LimitFilterOptions::By by_;
  std::uint64_t admitted_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace

Filter make_limit_filter(const LimitFilterOptions& options) {
  SYSLAB_ASSERT((options.limiter == nullptr) != (options.keyed_limiter == nullptr));
  return [options](ServicePtr inner) { return std::make_shared<LimitFilter>(options, std::move(inner)); };
}

}  // namespace syslab

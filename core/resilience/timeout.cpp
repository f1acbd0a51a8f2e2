#include "core/resilience/timeout.hpp"

#include <fmt/format.h>

#include <cstdint>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

class Timeout final : public FilterService {
 public:
  Timeout(const TimeoutOptions& options, ServicePtr inner)
      : FilterService("timeout", std::move(inner)), after_(options.after) {}

  void call(Env& env, Request request, Reply reply) override {
    struct Pending {
      Reply reply;
      TimerId timer;
    };
    auto pending = std::make_shared<Pending>(Pending{std::move(reply), {}});
    pending->timer = env.after(after_, [this, pending] {
      ++timeouts_;
      answer(pending->reply, make_error("timeout", fmt::format("no answer within {} s", to_seconds(after_))));
    });
    inner_->call(env, std::move(request), [this, &env, pending](Result result) {
      if (!pending->reply) {
        ++late_;
        return;
      }
      env.cancel(pending->timer);
      answer(pending->reply, std::move(result));
    });
  }

 private:
  Value state() const override {
    return Value::map({{"after", to_seconds(after_)},
                       {"timeouts", static_cast<double>(timeouts_)},
                       {"late", static_cast<double>(late_)}});
  }

  const Duration after_;
  std::uint64_t timeouts_ = 0;
  std::uint64_t late_ = 0;  // answers that came after all
};

}  // namespace

Filter make_timeout(const TimeoutOptions& options) {
  SYSLAB_ASSERT(options.after > Duration::zero());
  return [options](ServicePtr inner) { return std::make_shared<Timeout>(options, std::move(inner)); };
}

}  // namespace syslab

#include "core/resilience/hedge.hpp"

#include <optional>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

class Hedge final : public FilterService {
 public:
  Hedge(const HedgeOptions& options, ServicePtr inner)
      : FilterService("hedge", std::move(inner)), options_(options) {}

  void call(Env& env, Request request, Reply reply) override {
    ++requests_;
    attempt(env, std::make_shared<Job>(Job{std::move(request), std::move(reply), {}}));
  }

 private:
  struct Job {
    Request request;
    Reply reply;
    TimerId timer;
    std::uint32_t sent = 0;
    std::uint32_t failed = 0;
    bool definite = true;  // every attempt that failed certainly did nothing
  };

  void attempt(Env& env, const std::shared_ptr<Job>& job) {
    const std::uint32_t number = ++job->sent;
    if (number > 1) ++hedges_;
    if (number < options_.attempts) {
      job->timer = env.after(options_.after, [this, &env, job] {
        job->timer = {};
        attempt(env, job);
      });
    }
    inner_->call(env, job->request, [this, &env, job, number](Result result) {
      if (!job->reply) return;
      if (!result.ok()) {
        job->definite = job->definite && result.error().definite;
        if (++job->failed < job->sent) return;
        Error error = result.error();
        error.definite = job->definite;
        result = std::move(error);
      } else {
        won_ += number > 1;
      }
      if (job->timer) env.cancel(job->timer);
      answer(job->reply, std::move(result));
    });
  }

  Value state() const override {
    return Value::map({{"requests", static_cast<double>(requests_)},
                       {"hedges", static_cast<double>(hedges_)},
                       {"won", static_cast<double>(won_)}});
  }

  const HedgeOptions options_;
  std::uint64_t requests_ = 0;
  std::uint64_t hedges_ = 0;  // further attempts
  std::uint64_t won_ = 0;     // further attempts that answered first
};

}  // namespace

Filter make_hedge(const HedgeOptions& options) {
  SYSLAB_ASSERT(options.attempts >= 2);
  return [options](ServicePtr inner) { return std::make_shared<Hedge>(options, std::move(inner)); };
}

}  // namespace syslab

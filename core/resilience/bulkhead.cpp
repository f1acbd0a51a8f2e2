#include "core/resilience/bulkhead.hpp"

#include <fmt/format.h>

#include <list>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

class Bulkhead final : public FilterService {
 public:
  Bulkhead(const BulkheadOptions& options, ServicePtr inner)
      : FilterService("bulkhead", std::move(inner)), options_(options) {}

  void call(Env& env, Request request, Reply reply) override {
    if (inside_ < options_.concurrent && line_.empty()) {
      enter(env, std::move(request), std::move(reply));
      return;
    }
    // A slot that is free while others wait is about to be theirs: this is a reply that asks again before
    // they enter.
    if (line_.size() >= std::size_t{options_.queue} + (options_.concurrent - inside_)) {
      ++refused_;
      reply(
          make_error("overloaded", fmt::format("{} requests are inside and {} wait", inside_, line_.size())));
      return;
    }
    const auto place = line_.insert(line_.end(), Waiting{std::move(request), std::move(reply), {}});
    if (options_.wait) {
      place->timer = env.after(*options_.wait, [this, place] {
        Reply reply = std::move(place->reply);
        line_.erase(place);
        ++expired_;
        reply(make_error("overloaded", fmt::format("waited {} s in line", to_seconds(*options_.wait))));
      });
    }
  }

 private:
  struct Waiting {
    Request request;
    Reply reply;
    TimerId timer;
  };

  void enter(Env& env, Request request, Reply reply) {
    ++inside_;
    inner_->call(env, std::move(request), [this, &env, reply = std::move(reply)](Result result) {
      --inside_;
      reply(std::move(result));
      admit_waiting(env);
    });
  }

  // A service that answers at once would make this recurse once a waiting request; instead the outermost call
  // goes on.
  void admit_waiting(Env& env) {
    if (admitting_) return;
    admitting_ = true;
    while (!line_.empty() && inside_ < options_.concurrent) {
      Waiting first = std::move(line_.front());
      line_.pop_front();
      if (options_.wait) env.cancel(first.timer);
      enter(env, std::move(first.request), std::move(first.reply));
    }
    admitting_ = false;
  }

  Value state() const override {
    return Value::map({{"concurrent", static_cast<double>(options_.concurrent)},
                       {"inside", static_cast<double>(inside_)},
                       {"waiting", static_cast<double>(line_.size())},
                       {"refused", static_cast<double>(refused_)},
                       {"expired", static_cast<double>(expired_)}});
  }

  const BulkheadOptions options_;
  std::uint32_t inside_ = 0;
  bool admitting_ = false;
  std::list<Waiting> line_;  // a list, because one in the middle may run out of patience
  std::uint64_t refused_ = 0;
  std::uint64_t expired_ = 0;
};

}  // namespace

Filter make_bulkhead(const BulkheadOptions& options) {
  SYSLAB_ASSERT(options.concurrent >= 1);
  return [options](ServicePtr inner) { return std::make_shared<Bulkhead>(options, std::move(inner)); };
}

}  // namespace syslab

#include "core/id/filter.hpp"

#include <fmt/format.h>

#include <deque>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

constexpr const char* kFile = "id_guard";

class IdFilter final : public FilterService {
 public:
  IdFilter(const IdFilterOptions& options, ServicePtr inner)
      : FilterService("id", std::move(inner)), options_(options) {}

  void on_start(Env& env) override {
    std::optional<std::uint64_t> worker;
    if (options_.worker == IdFilterOptions::Worker::node) worker = env.self().index;
    if (worker && *worker > options_.generator->most_worker()) {
      misfit_ =
          make_error("exhausted", fmt::format("the number of this node, {}, is above {}, the last worker's",
                                              *worker, options_.generator->most_worker()));
      return FilterService::on_start(env);
    }
    generator_ = options_.generator->fresh(Rng(env.rng().next()), worker);
    if (guarded()) {
      const Result saved = env.disk().peek(kFile);
      if (saved.ok() && saved->is_number()) until_ = closed_until_ = Instant(from_seconds(saved->number()));
    }
    FilterService::on_start(env);
  }

  void call(Env& env, Request request, Reply reply) override {
    if (request.type != options_.type) return inner_->call(env, std::move(request), std::move(reply));
    if (!misfit_) return issue(env, std::move(reply));
    ++refused_;
    reply(*misfit_);
  }

 private:
  bool guarded() const { return options_.guard > Duration::zero(); }

  void issue(Env& env, Reply reply) {
    const Instant now = env.wall_now();
    if (guarded()) {
      // What the process before this one may have issued lies before the time on the disk.
      if (now < closed_until_) return wait(env, closed_until_ - now, std::move(reply));
      if (now >= until_) return extend(env, now, std::move(reply));
    }
    Expected<Issued> issued = generator_->next(now);
    if (!issued) {
      ++refused_;
      return reply(issued.error());
    }
    if (!issued->ready()) return wait(env, issued->wait, std::move(reply));
    ++issued_;
    reply(Value(generator_->write(issued->id)));
  }

  void wait(Env& env, Duration time, Reply reply) {
    ++waits_;
    env.after(time, [this, &env, reply = std::move(reply)]() mutable { issue(env, std::move(reply)); });
  }

  // Requests that come while the guard is being written wait for it, in their order.
  void extend(Env& env, Instant now, Reply reply) {
    pending_.push_back(std::move(reply));
    if (pending_.size() > 1) return;
    // Above what the double in the file can lose.
    const Instant until = now + guard_ + std::chrono::microseconds(1);
    env.disk().write(kFile, to_seconds(until), [this, &env, until](const Result& written) {
      if (!written.ok()) return extended(env, until, written);
      env.disk().sync([this, &env, until](const Result& synced) { extended(env, until, synced); });
    });
  }

  void extended(Env& env, Instant until, const Result& result) {
    if (result.ok()) {
      until_ = until - std::chrono::microseconds(1);
      // A disk that takes longer than the guard would never get ahead of the clock.
      if (env.wall_now() >= until_ && guard_ < std::chrono::hours(1)) guard_ *= 2;
    }
    std::deque<Reply> waiting;
    waiting.swap(pending_);
    for (Reply& reply : waiting) {
      if (result.ok()) {
        issue(env, std::move(reply));
      } else {
        ++refused_;
        reply(result.error());
      }
    }
  }

  Value state() const override {
    return Value::map({{"generator", generator_ ? Value(generator_->describe()) : Value()},
                       {"issued", static_cast<double>(issued_)},
                       {"waits", static_cast<double>(waits_)},
                       {"refused", static_cast<double>(refused_)}});
  }

  const IdFilterOptions options_;
  std::unique_ptr<IdGenerator> generator_;
  std::optional<Error> misfit_;  // instead of a generator
  Duration guard_ = options_.guard;
  Instant closed_until_ = Instant::min();  // of the process before
  Instant until_ = Instant::min();         // no id is issued at or after this time
  std::deque<Reply> pending_;
  std::uint64_t issued_ = 0;
  std::uint64_t waits_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace

Filter make_id_filter(const IdFilterOptions& options) {
  SYSLAB_ASSERT(options.generator != nullptr);
  return [options](ServicePtr inner) { return std::make_shared<IdFilter>(options, std::move(inner)); };
}

}  // namespace syslab

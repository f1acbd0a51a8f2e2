#include "core/queue/consumer.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

// How long a call may take beyond what the broker is asked to wait.
constexpr Duration kPatience = std::chrono::seconds(2);
// A delete or ack that gets no answer is repeated: it does no harm twice.
constexpr int kTries = 3;

class Consumer final : public FilterService {
 public:
  Consumer(std::shared_ptr<const ConsumerOptions> options, ServicePtr inner)
      : FilterService("consumer", std::move(inner)), options_(std::move(options)) {}

  void on_start(Env& env) override {
    inner_->on_start(env);
    ask(env);
  }

  void call(Env& env, Request request, Reply reply) override {
    inner_->call(env, std::move(request), std::move(reply));
  }

 private:
  bool of_queue() const { return !options_->queue.empty(); }

  // The same request with the name of the queue.
  Request request(std::string type, Value body) const {
    body = of_queue() ? body.with("queue", options_->queue) : body.with("jobs", options_->jobs);
    return {.type = std::move(type), .body = std::move(body)};
  }

  void ask(Env& env) {
    if (asking_ || working_ >= options_->concurrency) return;
    asking_ = true;
    const auto node = env.find(options_->from);
    if (!node) {
      ++failed_asks_;
      return later(env);
    }
    const std::size_t max = std::min(options_->batch, options_->concurrency - working_);
    Value body = Value::map({{"wait", to_seconds(options_->wait)}});
    if (of_queue()) {
      body = body.with("max", static_cast<double>(max));
      if (options_->visibility) body = body.with("visibility", to_seconds(*options_->visibility));
    }
    env.call(*node, request(of_queue() ? "receive" : "take", std::move(body)), saturating_sum(options_->wait),
             [this, &env](const Result& got) {
               if (!got.ok()) {
                 ++failed_asks_;
                 return later(env);
               }
               asking_ = false;
               if (got->is_list()) {
                 for (const Value& message : got->list()) work(env, message);
               } else if (got->is_map()) {
                 work(env, *got);
               }
               ask(env);
             });
  }

  static Duration saturating_sum(Duration wait) {
    return wait > Duration::max() - kPatience ? Duration::max() : wait + kPatience;
  }

  void later(Env& env) {
    env.after(options_->pause, [this, &env] {
      asking_ = false;
      ask(env);
    });
  }

  // One piece of work; it lives until its end has been told to the broker.
  struct Work {
    Value item;
    TimerId extension = {};
    int tries = 0;
  };

  void work(Env& env, const Value& item) {
    ++working_;
    ++begun_;
    const auto piece = std::make_shared<Work>(Work{item});
    if (of_queue() && options_->extend) extend(env, piece);
    inner_->call(env, {.type = of_queue() ? "message" : "job", .body = item, .from = env.self()},
                 [this, &env, piece](const Result& result) {
                   if (piece->extension) env.cancel(piece->extension);
                   --working_;
                   ++(result.ok() ? done_ : failed_);
                   tell(env, piece, result.ok());
                   ask(env);
                 });
  }

  void extend(Env& env, const std::shared_ptr<Work>& piece) {
    piece->extension = env.after(*options_->visibility / 2, [this, &env, piece] {
      if (const auto node = env.find(options_->from)) {
        env.call(
            *node,
            request("change_visibility", Value::map({{"receipt", piece->item["receipt"]},
                                                     {"visibility", to_seconds(*options_->visibility)}})),
            kPatience, [](const Result&) {});
      }
      extend(env, piece);
    });
  }

  void tell(Env& env, const std::shared_ptr<Work>& piece, bool well) {
    const auto node = env.find(options_->from);
    if (!node) return;
    Request r;
    if (!of_queue()) {
      r = request(well ? "ack" : "fail",
                  Value::map({{"id", piece->item["id"]}, {"take", piece->item["take"]}}));
    } else if (well) {
      r = request("delete", Value::map({{"receipt", piece->item["receipt"]}}));
    } else if (options_->retry) {
      r = request("change_visibility", Value::map({{"receipt", piece->item["receipt"]},
                                                   {"visibility", to_seconds(*options_->retry)}}));
    } else {
      return;
    }
    env.call(*node, std::move(r), kPatience, [this, &env, piece, well](const Result& told) {
      if (told.ok() || !is_fault(told.error()) || ++piece->tries >= kTries) return;
      tell(env, piece, well);
    });
  }

  Value state() const override {
    const auto n = [](std::uint64_t count) { return Value(static_cast<double>(count)); };
    return Value::map({{"working", n(working_)},
                       {"begun", n(begun_)},
                       {"done", n(done_)},
                       {"failed", n(failed_)},
                       {"failed_asks", n(failed_asks_)}});
  }

  const std::shared_ptr<const ConsumerOptions> options_;
  bool asking_ = false;
  std::size_t working_ = 0;
  std::uint64_t begun_ = 0, done_ = 0, failed_ = 0, failed_asks_ = 0;
};

}  // namespace

Filter make_consumer(ConsumerOptions options) {
  SYSLAB_ASSERT(options.queue.empty() != options.jobs.empty());
  SYSLAB_ASSERT(options.concurrency > 0 && options.batch > 0);
  SYSLAB_ASSERT(!options.extend || (options.visibility && *options.visibility > Duration::zero()));
  const auto shared = std::make_shared<const ConsumerOptions>(std::move(options));
  return [shared](ServicePtr inner) { return std::make_shared<Consumer>(shared, std::move(inner)); };
}

}  // namespace syslab

#include "core/shard/scatter.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

class Scatter final : public FilterService {
 public:
  Scatter(const ScatterOptions& options, ServicePtr inner)
      : FilterService("scatter", std::move(inner)), options_(options) {
    SYSLAB_ASSERT(!options_.targets.empty() && options_.enough.value_or(1) >= 1);
  }

  void call(Env& env, Request request, Reply reply) override {
    ++requests_;
    Request inside = request;
    inner_->call(env, std::move(inside),
                 [this, &env, request = std::move(request), reply = std::move(reply)](Result result) mutable {
                   if (!result.ok()) return reply(std::move(result));
                   ask(env, request, std::move(reply));
                 });
  }

 private:
  struct Gathered {
    Reply reply;
    std::map<std::string, Value> results = {};
    std::map<std::string, Value> failed = {};
    TimerId deadline = {};
  };

  void ask(Env& env, const Request& request, Reply reply) {
    const auto gathered = std::make_shared<Gathered>(Gathered{std::move(reply)});
    gathered->deadline = env.after(options_.deadline, [this, &env, gathered] { finish(env, *gathered); });
    for (const NodeId target : options_.targets) {
      env.call(target, request, options_.deadline, [this, &env, gathered, target](const Result& result) {
        if (gathered->reply == nullptr) return;
        const std::string& name = env.name_of(target);
        if (result.ok()) {
          gathered->results[name] = *result;
        } else if (result.error().code != "timeout") {
          gathered->failed[name] = result.error().code;
        }
        const std::size_t enough =
            std::min(options_.enough.value_or(options_.targets.size()), options_.targets.size());
        const bool all = gathered->results.size() + gathered->failed.size() == options_.targets.size();
        if (!all && gathered->results.size() < enough) return;
        env.cancel(gathered->deadline);
        finish(env, *gathered);
      });
    }
  }

  void finish(Env& env, Gathered& gathered) {
    Value::List missing;
    for (const NodeId target : options_.targets) {
      const std::string& name = env.name_of(target);
      if (!gathered.results.contains(name)) missing.emplace_back(name);
    }
    partial_ += !missing.empty();
    if (gathered.results.size() < options_.least) {
      ++refused_;
      return answer(gathered.reply,
                    make_error("timeout", "only " + std::to_string(gathered.results.size()) + " of " +
                                              std::to_string(options_.targets.size()) + " answered"));
    }
    answer(gathered.reply,
           Value::map({{"results", Value::map({gathered.results.begin(), gathered.results.end()})},
                       {"failed", Value::map({gathered.failed.begin(), gathered.failed.end()})},
                       {"missing", Value::list(std::move(missing))},
                       {"asked", static_cast<double>(options_.targets.size())}}));
  }

  Value state() const override {
    return Value::map({{"requests", static_cast<double>(requests_)},
                       {"partial", static_cast<double>(partial_)},
                       {"refused", static_cast<double>(refused_)}});
  }

  const ScatterOptions options_;
  std::uint64_t requests_ = 0;
  std::uint64_t partial_ = 0;  // answers that lacked somebody
  std::uint64_t refused_ = 0;  // too few
};

}  // namespace

Filter make_scatter(ScatterOptions options) {
  return [options = std::move(options)](ServicePtr inner) {
    return std::make_shared<Scatter>(options, std::move(inner));
  };
}

}  // namespace syslab

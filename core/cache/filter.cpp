#include "core/cache/filter.hpp"

#include <map>
#include <utility>
#include <vector>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

class CacheFilter final : public FilterService {
 public:
  CacheFilter(const CacheFilterOptions& options, ServicePtr inner)
      : FilterService("cache", std::move(inner)), options_(options), cache_(options.cache()) {}

  void call(Env& env, Request request, Reply reply) override {
    const Value key = request.key();
    if (!key.is_string() && !(key.is_number() && key.number() == key.number())) {
      inner_->call(env, std::move(request), std::move(reply));
    } else if (request.type == options_.read) {
      read(env, key, std::move(request), std::move(reply));
    } else {
      write(env, key, std::move(request), std::move(reply));
    }
  }

 private:
  void read(Env& env, const Value& key, Request request, Reply reply) {
    if (const Value* kept = cache_->get(Key(key))) {
      // A copy: the reply may change the cache.
      const Value entry = *kept;
      if (!options_.ttl || to_seconds(env.now()) < entry["until"].number()) {
        ++hits_;
        reply(entry["value"]);
        return;
      }
      ++expired_;
    }
    ++misses_;
    if (!options_.single_flight) {
      inner_->call(env, std::move(request),
                   [this, &env, key, writes = writes_, reply = std::move(reply)](Result result) {
                     keep(env, key, writes, result);
                     reply(std::move(result));
                   });
      return;
    }
    const auto [flight, first] = flights_.try_emplace(key);
    flight->second.push_back(std::move(reply));
    if (!first) {
      ++joined_;
      return;
    }
    inner_->call(env, std::move(request), [this, &env, key, writes = writes_](Result result) {
      keep(env, key, writes, result);
      // Taken out first: whoever hears the answer may ask again.
      const auto ended = flights_.extract(key);
      for (const Reply& waiting : ended.mapped()) waiting(result);
    });
  }

  void write(Env& env, const Value& key, Request request, Reply reply) {
    ++writes_;
    cache_->erase(Key(key));
    inner_->call(env, std::move(request), [this, key, reply = std::move(reply)](Result result) {
      ++writes_;
      cache_->erase(Key(key));
      reply(std::move(result));
    });
  }

  // One count of writes for all keys: it may not keep a value that is good, but never keeps one that is not.
  void keep(Env& env, const Value& key, std::uint64_t writes_before, const Result& result) {
    if (!result.ok() || writes_ != writes_before) return;
    Value entry = Value::map({{"value", *result}});
    if (options_.ttl) entry = entry.with("until", to_seconds(saturating_add(env.now(), *options_.ttl)));
    cache_->put(Key(key), std::move(entry), result.value().size_bytes());
  }

  Value state() const override {
    return Value::map({{"policy", cache_->name()},
                       {"size", static_cast<double>(cache_->size())},
                       {"hits", static_cast<double>(hits_)},
                       {"misses", static_cast<double>(misses_)},
                       {"expired", static_cast<double>(expired_)},
                       {"joined", static_cast<double>(joined_)}});
  }

  const CacheFilterOptions options_;
  const std::unique_ptr<Cache> cache_;
  std::map<Value, std::vector<Reply>> flights_;  // by key, who waits for the read that is under way
  std::uint64_t writes_ = 0;                     // begun or ended
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;  // expired ones included
  std::uint64_t expired_ = 0;
  std::uint64_t joined_ = 0;  // misses that waited for another's read
};

}  // namespace

Filter make_cache_filter(const CacheFilterOptions& options) {
  SYSLAB_ASSERT(options.cache != nullptr);
  SYSLAB_ASSERT(!options.ttl || *options.ttl > Duration::zero());
  return [options](ServicePtr inner) { return std::make_shared<CacheFilter>(options, std::move(inner)); };
}

}  // namespace syslab

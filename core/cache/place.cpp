#include "core/cache/place.hpp"

#include <utility>

namespace syslab {
namespace {

class InProcess final : public CachePlace {
 public:
  explicit InProcess(std::unique_ptr<Cache> cache) : cache_(std::move(cache)) {}

  void get(Env& env, const Value& key, Found found) override {
    cache_->advance(env.now());
    const Value* entry = cache_->get(Key(key));
    found(entry == nullptr ? Value() : *entry, {});  // a copy: who hears of it may change the cache
  }
  void put(Env& env, const Value& key, Value entry, std::size_t size_bytes, std::optional<Duration>, double,
           Done done) override {
    cache_->advance(env.now());
    cache_->put(Key(key), std::move(entry), size_bytes);
    done(true);
  }
  void erase(Env&, const Value& key, Done done) override {
    cache_->erase(Key(key));
    done(true);
  }
  bool in_process() const override { return true; }
  Value show() const override {
    return Value::map({{"policy", cache_->name()}, {"size", static_cast<double>(cache_->size())}});
  }

 private:
  const std::unique_ptr<Cache> cache_;
};

}  // namespace

CachePlaceFactory in_process(std::function<std::unique_ptr<Cache>()> cache) {
  return [cache = std::move(cache)] { return std::make_unique<InProcess>(cache()); };
}

}  // namespace syslab

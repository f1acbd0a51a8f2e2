#include "core/cache/servers.hpp"

#include <utility>

namespace syslab {
namespace {

class OnServers final : public CachePlace {
 public:
  explicit OnServers(std::shared_ptr<const CacheServers> servers)
      : servers_(std::move(servers)), client_(servers_->client()) {}

  void get(Env& env, const Value& key, Found found) override {
    ask(env, {.type = "get", .body = Value::map({{"key", key}})},
        [found = std::move(found)](const Result& result) {
          found(result.ok() && result->is_map() ? *result : Value());
        });
  }
  void put(Env& env, const Value& key, Value entry, std::size_t, std::optional<Duration> ttl,
           Done done) override {
    Value body = Value::map({{"key", key}, {"value", std::move(entry)}});
    if (ttl) body = body.with("ttl", to_seconds(*ttl));
    ask(env, {.type = "set", .body = std::move(body)},
        [done = std::move(done)](const Result& result) { done(result.ok()); });
  }
  void erase(Env& env, const Value& key, Done done) override {
    ask(env, {.type = "delete", .body = Value::map({{"key", key}})},
        [done = std::move(done)](const Result& result) { done(result.ok()); });
  }
  bool in_process() const override { return false; }
  Value show() const override {
    return Value::map({{"policy", servers_->profile},
                       {"servers", static_cast<double>(servers_->nodes.size())},
                       {"server_errors", static_cast<double>(errors_)}});
  }

 private:
  void ask(Env& env, Request request, Reply reply) {
    client_->call(env, std::move(request), [this, reply = std::move(reply)](const Result& result) {
      errors_ += !result.ok();
      reply(result);
    });
  }

  const std::shared_ptr<const CacheServers> servers_;
  const ServicePtr client_;
  std::uint64_t errors_ = 0;
};

}  // namespace

CachePlaceFactory on_servers(std::shared_ptr<const CacheServers> servers) {
  return [servers = std::move(servers)] { return std::make_unique<OnServers>(servers); };
}

}  // namespace syslab

#include "core/cache/servers.hpp"

#include <utility>

namespace syslab {
namespace {

class OnServers final : public CachePlace {
 public:
  OnServers(std::shared_ptr<const CacheServers> servers, std::optional<Duration> lease)
      : servers_(std::move(servers)), client_(servers_->client()), lease_(lease) {}

  void get(Env& env, const Value& key, Found found) override {
    Value body = Value::map({{"key", key}});
    if (lease_) body = body.with("lease", to_seconds(*lease_));
    ask(env, {.type = "get", .body = std::move(body)},
        [leases = lease_.has_value(), found = std::move(found)](const Result& result) {
          if (!result.ok()) return found({}, {});
          if (!leases) return found(result->is_map() ? *result : Value(), {});
          const Value& token = (*result)["lease"];
          if (token.is_number()) return found({}, {.taken = token.number() == 0, .token = token.number()});
          found((*result)["value"], {});
        });
  }
  void put(Env& env, const Value& key, Value entry, std::size_t, std::optional<Duration> ttl, double token,
           Done done) override {
    Value body = Value::map({{"key", key}, {"value", std::move(entry)}});
    if (ttl) body = body.with("ttl", to_seconds(*ttl));
    if (token > 0) body = body.with("lease", token);
    ask(env, {.type = "set", .body = std::move(body)},
        [done = std::move(done)](const Result& result) { done(result.ok()); });
  }
  void erase(Env& env, const Value& key, Done done) override {
    ask(env, {.type = "delete", .body = Value::map({{"key", key}})},
        [done = std::move(done)](const Result& result) { done(result.ok()); });
  }
  bool in_process() const override { return false; }
  bool leases() const override { return lease_.has_value(); }
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
  const std::optional<Duration> lease_;
  std::uint64_t errors_ = 0;
};

}  // namespace

CachePlaceFactory on_servers(std::shared_ptr<const CacheServers> servers, std::optional<Duration> lease) {
  return [servers = std::move(servers), lease] { return std::make_unique<OnServers>(servers, lease); };
}

}  // namespace syslab

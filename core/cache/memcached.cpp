#include "core/cache/memcached.hpp"

#include <utility>

#include "core/base/assert.hpp"
#include "core/hash/ring.hpp"

namespace syslab {
namespace {

// What an item carries beside its header, key and value: the number for cas.
constexpr std::uint64_t kCasBytes = 8;

class MemcachedServer final : public FilterService {
 public:
  MemcachedServer(const MemcachedOptions& options, ServicePtr inner)
      : FilterService("memcached", std::move(inner)),
        commands_(std::make_unique<SlabCache>(options.slab), {.overhead_bytes = kCasBytes, .evicts = true}) {}

  void call(Env& env, Request request, Reply reply) override {
    const Request command = request;
    inner_->call(env, std::move(request), [this, &env, command, reply = std::move(reply)](Result result) {
      reply(result.ok() ? commands_.execute(env.now(), command) : std::move(result));
    });
  }

 private:
  Value state() const override {
    const auto count = [](std::uint64_t n) { return static_cast<double>(n); };
    const auto& slabs = static_cast<const SlabCache&>(commands_.cache());
    Value::List classes;
    for (const SlabCache::ClassUse& c : slabs.classes()) {
      classes.push_back(Value::map({{"chunk", count(c.chunk_bytes)},
                                    {"pages", count(c.pages)},
                                    {"chunks", count(c.chunks)},
                                    {"items", count(c.items)},
                                    {"item_bytes", count(c.item_bytes)},
                                    {"evictions", count(c.evictions)}}));
    }
    return commands_.show().with("classes", Value::list(std::move(classes)));
  }

  CacheCommands commands_;
};

class MemcachedClient final : public Service {
 public:
  MemcachedClient(const MemcachedOptions& options, const std::vector<NamedServer>& servers)
      : ring_(options_of(options, servers)), timeout_(options.timeout) {
    for (const PlacedNode& placed : ring_.nodes()) {
      for (const NamedServer& server : servers) {
        if (server.name == placed.name) nodes_.push_back(server.node);
      }
    }
    SYSLAB_ASSERT(!nodes_.empty() && nodes_.size() == servers.size());
  }

  void call(Env& env, Request request, Reply reply) override {
    const NodeId to = request.key().is_nil() ? nodes_.front() : nodes_[ring_.place(hash_key(request.key()))];
    env.call(to, std::move(request), timeout_, std::move(reply));
  }

 private:
  static RingOptions options_of(const MemcachedOptions& options, const std::vector<NamedServer>& servers) {
    RingOptions ring;
    ring.points = options.points;
    for (const NamedServer& server : servers) ring.nodes.push_back({.name = server.name});
    return ring;
  }

  const Ring ring_;
  const Duration timeout_;
  std::vector<NodeId> nodes_;  // in the order of the ring's
};

}  // namespace

Filter make_memcached_server(const MemcachedOptions& options) {
  return [options](ServicePtr inner) { return std::make_shared<MemcachedServer>(options, std::move(inner)); };
}

ServicePtr make_memcached_client(const MemcachedOptions& options, const std::vector<NamedServer>& servers) {
  return std::make_shared<MemcachedClient>(options, servers);
}

}  // namespace syslab

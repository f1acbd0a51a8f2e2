#include "core/cache/memcached.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/assert.hpp"
#include "core/hash/ketama.hpp"

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
      : timeout_(options.timeout) {
    std::vector<PlacedNode> placed;
    for (const NamedServer& server : servers) placed.push_back({.name = server.name});
    SYSLAB_ASSERT(ring_.reset(std::move(placed)).empty());
    for (const PlacedNode& node : ring_.nodes()) {
      const auto is_it = [&](const NamedServer& server) { return server.name == node.name; };
      nodes_.push_back(std::find_if(servers.begin(), servers.end(), is_it)->node);
    }
    SYSLAB_ASSERT(!nodes_.empty());
  }

  void call(Env& env, Request request, Reply reply) override {
    const NodeId to = server_of(request.key());
    env.call(to, std::move(request), timeout_, std::move(reply));
  }

 private:
  NodeId server_of(const Value& key) const {
    if (key.is_nil()) return nodes_.front();
    // As on the wire, where a number is its digits.
    return nodes_[ring_.place(ring_.hash_of(key.is_string() ? key.string() : std::string_view(key.json())))];
  }

  Ketama ring_;
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

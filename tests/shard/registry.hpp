// The routers that tests/shard/conformance_test.cpp runs on. Every strategy's own test file adds itself.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/shard/router.hpp"

namespace syslab::test {

struct RegisteredRouter {
  using Make = std::function<std::unique_ptr<Router>()>;
  std::string name;
  Make make;  // with the shards "a", "b" and "c"
  std::function<Value(std::uint64_t)> key;

  RegisteredRouter(
      std::string router_name, Make factory,
      std::function<Value(std::uint64_t)> key_of =
          [](std::uint64_t n) { return Value(static_cast<double>(n)); })
      : name(std::move(router_name)), make(std::move(factory)), key(std::move(key_of)) {
    all().push_back(this);
  }
  static std::vector<const RegisteredRouter*>& all() {
    static std::vector<const RegisteredRouter*> routers;
    return routers;
  }
};

// The router with these shards; ends the test where it refuses them.
std::unique_ptr<Router> with_shards(std::unique_ptr<Router> router,
                                    std::vector<PlacedNode> shards = {{"a", 1}, {"b", 1}, {"c", 1}});

}  // namespace syslab::test

// Service: answers a request, at once or later. Filter: a service that wraps another one.
//
// Systems are made by composition: timeout(retry(balancer(...))). A filter sees every request go in and every result
// come out and may delay, refuse, repeat, redirect or answer them itself.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/runtime/env.hpp"

namespace syslab {

class Service {
 public:
  virtual ~Service() = default;
  // Takes the request; calls `reply` exactly once, now or later. `env` outlives the reply.
  virtual void call(Env& env, Request request, Reply reply) = 0;
  // State to show at the prompt: breaker state, hit ratio ...
  virtual Value show() const { return {}; }
};
using ServicePtr = std::shared_ptr<Service>;

// Makes a service around another one. Called once for each process that runs it (again after each restart), so that
// the state of a filter (its cache, its bucket) belongs to one process and dies with it.
using Filter = std::function<ServicePtr(ServicePtr inner)>;

// The service of another node, over the network.
class RemoteService final : public Service {
 public:
  explicit RemoteService(NodeId target) : target_(target) {}
  void call(Env& env, Request request, Reply reply) override {
    env.call(target_, std::move(request), std::nullopt, std::move(reply));
  }

 private:
  NodeId target_;
};

}  // namespace syslab

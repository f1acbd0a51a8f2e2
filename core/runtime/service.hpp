// Service: answers a request, at once or later. Filter: a service that wraps another one.
//
// Systems are made by composition: timeout(retry(balancer(...))). A filter sees every request go in and every result
// come out and may delay, refuse, repeat, redirect or answer them itself.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "core/runtime/env.hpp"

namespace syslab {

class Service {
 public:
  virtual ~Service() = default;
  // Called once, when the process that runs the service starts, before the first request: background work such as
  // health checks begins here. A filter passes it on.
  virtual void on_start(Env&) {}
  // Takes the request; calls `reply` exactly once, now or later. `env` outlives the reply.
  virtual void call(Env& env, Request request, Reply reply) = 0;
  // State to show at the prompt: breaker state, hit ratio ...
  virtual Value show() const { return {}; }
};
using ServicePtr = std::shared_ptr<Service>;

// Makes a service around another one. Called once for each process that runs it (again after each restart), so that
// the state of a filter (its cache, its bucket) belongs to one process and dies with it.
using Filter = std::function<ServicePtr(ServicePtr inner)>;

// What filters have in common: the service inside, and what they show: a map of the filter's name, its state, and what
// the service inside shows.
class FilterService : public Service {
 public:
  FilterService(std::string_view name, ServicePtr inner) : inner_(std::move(inner)), name_(name) {}
  void on_start(Env& env) override { inner_->on_start(env); }
  Value show() const final {
    Value shown = state().with("filter", name_);
    Value inside = inner_->show();
    return inside.is_nil() ? shown : shown.with("inner", std::move(inside));
  }

 protected:
  // Counters and settings, a map.
  virtual Value state() const = 0;

  const ServicePtr inner_;

 private:
  const std::string_view name_;  // a literal
};

// Gives a reply and forgets it, so that it cannot be given twice: a pending call whose reply is empty was answered.
inline void answer(Reply& reply, Result result) { std::exchange(reply, nullptr)(std::move(result)); }

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

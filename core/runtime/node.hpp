// Node: a protocol participant (replica, gossip member, coordinator) as an event handler with plain state.
//
// Handlers run one at a time, to completion, and never block. A crash destroys the object; a restart makes a new one by
// the factory it was registered with, which finds what the old one left on `env.disk()`.
#pragma once

#include <functional>
#include <memory>

#include "core/runtime/env.hpp"

namespace syslab {

class Node {
 public:
  virtual ~Node() = default;
  // An event of its own, so all nodes that are added at one instant can be found by name.
  virtual void on_start(Env& env) = 0;
  virtual void on_message(Env& env, const Message& message) = 0;
  // A request that a client addressed to this node; the default refuses.
  virtual void on_request(Env&, const Request& request, Reply reply) {
    reply(make_error("not_found", "this node takes no requests of type '" + request.type + "'"));
  }
  // The last chance before an orderly stop (not before a crash).
  virtual void on_stop(Env&) {}
  // State to show: role, term, log length ... A map, cheap to make.
  virtual Value show() const { return {}; }
};

using NodeFactory = std::function<std::unique_ptr<Node>()>;

}  // namespace syslab

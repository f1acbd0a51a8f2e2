// Small programs for the tests of the simulated world.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/sim/world.hpp"

namespace syslab {

// What reached a node, by when, over all its incarnations.
struct Heard {
  Instant at;
  std::string type;
  Value body;
};
using Log = std::shared_ptr<std::vector<Heard>>;

// Writes down every message and answers every request with its body.
class Listener final : public Node {
 public:
  explicit Listener(Log log) : log_(std::move(log)) {}
  void on_start(Env& env) override { log_->push_back({env.now(), "start", {}}); }
  void on_message(Env& env, const Message& message) override {
    log_->push_back({env.now(), message.type, message.body});
  }
  void on_request(Env& env, const Request& request, Reply reply) override {
    log_->push_back({env.now(), "request " + request.type, request.body});
    reply(request.body);
  }
  void on_stop(Env& env) override { log_->push_back({env.now(), "stop", {}}); }

 private:
  Log log_;
};

inline NodeFactory listener(Log log) {
  return [log] { return std::make_unique<Listener>(log); };
}

// Two listeners, a and b, and what b has heard.
struct Pair {
  World world;
  Log heard_a = std::make_shared<std::vector<Heard>>();
  Log heard_b = std::make_shared<std::vector<Heard>>();
  NodeId a, b;

  explicit Pair(WorldOptions options = {}) : world(std::move(options)) {
    a = *world.add_node("a", listener(heard_a));
    b = *world.add_node("b", listener(heard_b));
    world.run_until(Instant());
    heard_a->clear();
    heard_b->clear();
  }
  // Sends numbered messages from a to b, one every millisecond, from now on.
  void stream(int count) {
    for (int i = 0; i < count; ++i) {
      world.scheduler().at(world.now() + std::chrono::milliseconds(i), [this, i] {
        if (world.host(a).up()) world.env(a).send(b, "n", i);
      });
    }
  }
  std::vector<int> numbers() const {
    std::vector<int> out;
    for (const Heard& heard : *heard_b) {
      if (heard.type == "n") out.push_back(static_cast<int>(heard.body.number()));
    }
    return out;
  }
};

inline std::vector<int> upto(int count) {
  std::vector<int> out;
  for (int i = 0; i < count; ++i) out.push_back(i);
  return out;
}

inline Instant at_seconds(double s) {
  return Instant(from_seconds(s));
}

}  // namespace syslab

// Clients of a replicated store: they read, write and compare-and-set a few keys, and record what they saw.
//
// Each client asks one replica at a time and moves on to the next when one does not answer or is no leader.
// What it did goes into a History: ok; fail where the error says that nothing happened (or a cas found
// another value); info where nobody knows, and then the client goes on under a new process number, because
// the old one's operation may still take effect. With `retries` it asks again, the next replica, with the
// same {client, seq}, which a store executes once; this is also what a network takes that duplicates
// requests, where the refusal of one copy says nothing of the other. Written values are unique in the run, so
// that a checker can tell them apart.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/distribution.hpp"
#include "core/base/rng.hpp"
#include "core/observe/history.hpp"
#include "core/runtime/env.hpp"

namespace syslab {

class World;

struct ClientsOptions {
  std::size_t count = 8;
  std::vector<NodeId> to = {};
  double read = 0.5, write = 0.4, cas = 0.1;  // weights
  std::function<Value(Rng&)> keys = nullptr;
  DistributionPtr think =
      nullptr;  // seconds between operations of a client; null: exponential with mean 20 ms
  Duration timeout = std::chrono::milliseconds(500);
  std::size_t retries = 0;  // of an operation of which nobody knows
};

class Clients {
 public:
  // Starts by itself. Requires: at least one node to ask; keys is set; the weights are not all zero.
  Clients(World& world, NodeId self, ClientsOptions options);

  const History& history() const { return history_; }
  NodeId self() const { return self_; }
  std::uint64_t ok() const { return ok_; }
  std::uint64_t failed() const { return failed_; }
  std::uint64_t unknown() const { return unknown_; }
  // No new operations; those under way come to their end.
  void stop() { stopped_ = true; }

 private:
  struct Client {
    std::int64_t process = 0;
    std::string name;
    std::uint64_t seq = 0;
    std::size_t replica = 0;
    std::vector<std::pair<Value, Value>> seen = {};  // the last value it saw of each key
    Rng rng{0};
  };

  void think(std::size_t i);
  void act(std::size_t i);
  struct Operation {
    History::OpId id;
    Request request;
    Value argument;
    std::size_t retries;  // left
  };
  void ask(std::size_t i, std::shared_ptr<Operation> operation);
  Value& seen(Client& client, const Value& key);

  World& world_;
  NodeId self_;
  ClientsOptions options_;
  History history_;
  std::vector<Client> clients_;
  std::int64_t last_process_ = 0;
  std::uint64_t last_value_ = 0;
  std::uint64_t ok_ = 0, failed_ = 0, unknown_ = 0;
  bool stopped_ = false;
};

}  // namespace syslab

// KvMachine: the key-value store that a replicated log drives. Every replica executes the same commands in
// the same order and so comes to the same state and the same answers.
//
// A command is a map {type, key, value, expected, client, seq}; type is "read", "write" (value) or "cas"
// (expected, value). A command that carries {client, seq} is executed once however often it is in the log:
// the last answer of each client is part of the state, and of its snapshots, and is given again to the same
// seq or an older one (a client has one request at a time). Source: Ongaro 2014, "Consensus: Bridging Theory
// and Practice", section 6.3. Cost: O(log n) a command; a snapshot copies everything.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/value.hpp"
#include "core/runtime/env.hpp"

namespace syslab {

class KvMachine {
 public:
  // Whether it executes commands of this type.
  static bool takes(std::string_view type) { return type == "read" || type == "write" || type == "cas"; }
  // The request as a command.
  static Value command(const Request& request) { return request.body.with("type", request.type); }

  // The value read or written. Errors: conflict (cas found another value).
  Result execute(const Value& command);
  // Nil where there is none.
  Value read(const Value& key) const;

  // Everything, as a value from which restore makes an equal machine.
  Value snapshot() const;
  void restore(const Value& snapshot);

  // Forgets the clients, so that repeated commands are executed again: for planted bugs.
  void forget_clients() { sessions_.clear(); }

 private:
  struct Session {
    double seq = 0;
    Value value;            // the answer, or
    bool conflict = false;  // what a cas found
  };

  Session perform(const Value& command);

  std::map<Value, Value> cells_;
  std::map<std::string, Session, std::less<>> sessions_;
};

}  // namespace syslab

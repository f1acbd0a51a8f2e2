// Engine: what a database can hold: a table engine, a relational engine, collections of documents.
//
// A pure state machine: time is an argument and never runs backwards. A request is a verb and a map; each
// engine's header lists its verbs. The answer may come later, where a statement waits for a lock: from within
// another request or from `advance`. Engines are deterministic in (time, verb, body), so that whoever keeps
// the requests that changed something can make the same engine again (core/store/database.hpp).
//
// Errors: "malformed" is a request that is not of its form (a misspelt field, an unknown column type): a
// programmer's mistake, which the Lua binding raises. All others are outcomes, with the published codes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"

namespace syslab {

class Engine {
 public:
  using Done = std::function<void(Expected<Value>)>;

  virtual ~Engine() = default;
  // "table", "relational", "documents".
  virtual std::string_view kind() const = 0;
  // An empty one with the same options.
  virtual std::shared_ptr<Engine> fresh() const = 0;

  virtual bool knows(std::string_view verb) const = 0;
  // Whether the verb can change what a restart must not undo.
  virtual bool changes(std::string_view verb) const = 0;
  // Requires: knows(verb). Calls `done` once, now or later.
  virtual void ask(Instant now, std::string_view verb, const Value& body, Done done) = 0;
  // Lets happen what is due by itself: propagation, timeouts.
  virtual void advance(Instant now) = 0;
  // When the next of that is; none where nothing is to come.
  virtual std::optional<Instant> next_event() const = 0;
  // The request for the log, as it was answered: carried out again, alone and in the order of the answers, it
  // does what it did.
  virtual Value again(std::string_view, const Value& body, const Value& /*answer*/) const { return body; }
  // What a restart ends: transactions under way. Nobody is answered.
  virtual void end_sessions() {}

  // Rows, items or documents that were looked at or written so far: what a request costs in work.
  virtual std::uint64_t rows_touched() const = 0;
  // Counters for the prompt, a map.
  virtual Value show() const = 0;

  // The answer of a request that does not wait. Requires: it does not (tables, documents).
  Expected<Value> ask_now(Instant now, std::string_view verb, const Value& body) {
    std::optional<Expected<Value>> answer;
    ask(now, verb, body, [&](Expected<Value> result) { answer.emplace(std::move(result)); });
    SYSLAB_ASSERT(answer.has_value());
    return std::move(*answer);
  }
};

}  // namespace syslab

// Env: all that a node, a service or a filter can see of the world it lives in.
//
// The same code runs in virtual time (core/sim) and in real time with sockets (core/live), because it reaches
// the world only through this face: clocks, timers, messages, calls, a disk, random numbers, metrics and the
// trace. Everything runs on one thread; handlers run to completion one at a time and never block.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"
#include "core/observe/metrics.hpp"
#include "core/runtime/message.hpp"
#include "core/runtime/timer.hpp"

namespace syslab {

// What a call comes back with: a value, or why there is none.
using Result = Expected<Value>;
// Where a result goes. Called exactly once by whoever took the request, unless that process dies first.
using Reply = std::function<void(Result)>;

// A request as a service sees it. `body` is usually a map; by convention its entry "key" names the item,
// which balancers, caches and shard routers look at.
struct Request {
  std::string type = "get";
  Value body = {};
  NodeId from = kNoNode;  // who asks: the calling node
  const Value& key() const { return body["key"]; }
};

// A node's disk. Writes are buffered until sync() ends; what a crash keeps of unsynced writes is up to the
// faults. Every operation takes the disk's service time; callbacks come in order. Files are named values.
// Errors: disk_full, io_error, not_found.
class Storage {
 public:
  using Done = std::function<void(Result)>;
  virtual ~Storage() = default;
  // Replaces the content of a file (nil deletes it).
  virtual void write(const std::string& file, Value content, Done done) = 0;
  // Appends one record to a file whose content is a list (a missing file is an empty list).
  virtual void append(const std::string& file, Value record, Done done) = 0;
  // Makes everything written before durable.
  virtual void sync(Done done) = 0;
  virtual void read(const std::string& file, Done done) = 0;
  // What the process would see now, without the time it takes: for recovery at start and for tests.
  virtual Result peek(const std::string& file) const = 0;
};

class Env {
 public:
  virtual ~Env() = default;

  virtual NodeId self() const = 0;
  virtual const std::string& name_of(NodeId node) const = 0;
  // Errors: not_found, naming the nearest node.
  virtual Expected<NodeId> find(std::string_view name) const = 0;

  // This node's monotonic clock: it drifts, but never jumps or runs backwards. Timeouts are measured on it.
  virtual Instant now() const = 0;
  // This node's wall clock: faults skew and step it. Never use it for timeouts.
  virtual Instant wall_now() const = 0;

  // Calls back once, after `delay` on the monotonic clock. Dies with the process. Requires: delay >= 0.
  virtual TimerId after(Duration delay, std::function<void()> action) = 0;
  // Calls back once, after `time` of computing: as after(), but longer where this node is slow.
  virtual TimerId work(Duration time, std::function<void()> action) { return after(time, std::move(action)); }
  // False where the timer has fired, was cancelled, or died with its process.
  virtual bool cancel(TimerId timer) = 0;

  // One way, unreliable: it may be lost, late, doubled or overtaken.
  virtual void send(NodeId to, std::string type, Value body) = 0;
  // A request over the network to the service of another node (or this one). The reply comes exactly once,
  // unless this process dies: the service's result, or connection_refused, connection_reset, or timeout where
  // `timeout` is given. Without a timeout a lost message means that no reply ever comes.
  virtual void call(NodeId to, Request request, std::optional<Duration> timeout, Reply reply) = 0;

  virtual Storage& disk() = 0;
  virtual Rng& rng() = 0;
  virtual Metrics& metrics() = 0;
  // A line in the world's trace.
  virtual void log(std::string_view text, Value fields = {}) = 0;
};

}  // namespace syslab

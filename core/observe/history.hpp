// A history of operations: who asked for what, when, and what came of it. The raw material of every checker.
//
// An operation is an invocation and, perhaps, its completion: ok (it happened), fail (it certainly did not
// happen, or its condition was observed to be false), info (nobody knows: a timeout). An operation that never
// completes counts as info: it may take effect at any time after its invocation, even after everything else.
// A process has one operation under way at a time. The order of the events is the real-time order; times are
// only shown.
//
// Two file formats, told apart by their content, one event a line:
//   JSON lines  {"process":0,"type":"invoke","f":"write","key":null,"value":4,"time":123}   time in
//   nanoseconds Jepsen      INFO  jepsen.util - 0  :invoke  :write  4     (a log), or
//               {:process 0, :type :invoke, :f :write, :value 4}   (EDN maps)
// Cost: 136 bytes an event and what its values share; recording is O(1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"

namespace syslab {

struct Event {
  enum class Type : std::uint8_t { invoke, ok, fail, info };

  std::int64_t process = 0;
  Type type = Type::invoke;
  std::string f;                // the operation's name: read, write, cas ...
  Value key;                    // what it is about; nil where there is only one thing
  Value value;                  // the argument in an invocation, the result in a completion
  std::optional<Instant> time;  // logs may have none
  Value node;                   // string: who answered; nil if unknown
  Value error;                  // string: an error code (see error.cpp); nil if none
  std::uint32_t line = 0;       // where it stood in a file; 0 when it was recorded

  // One line of JSON without the line's end. Absent time, node and error are left out.
  std::string json() const;
};

std::string_view to_string(Event::Type type);

class History {
 public:
  using OpId = std::size_t;
  static constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20;
  static constexpr std::size_t kMaxEvents = 4'000'000;

  // An invocation and its completion, as indices of events; kNever where the completion has not come.
  struct Op {
    std::size_t invoke;
    std::size_t completion = kNever;
  };

  // Recording. Requires: the process has no operation under way, and time does not run backwards.
  OpId invoke(std::int64_t process, std::string_view f, Value key, Value value, Instant time,
              Value node = {});
  // Requires: the operation is under way; type is not invoke.
  void complete(OpId op, Event::Type type, Value value, Instant time, std::string_view error = {});
  // Completes by what the call returned: ok, fail where the error is definite, info where it is not.
  void complete(OpId op, const Expected<Value>& outcome, Instant time);
  bool under_way(OpId op) const;
  bool busy(std::int64_t process) const { return under_way_.contains(process); }

  // Adds an event that was read or made by hand, pairing it by process. The id is that of its operation.
  // Errors (code "unknown"): a second invocation by a busy process, a completion without an invocation, a
  // completion of another function, a time before the previous event's, more than kMaxEvents events.
  Expected<OpId> append(Event event);

  const std::vector<Event>& events() const { return events_; }
  const std::vector<Op>& ops() const { return ops_; }  // ordered by invocation
  const Event& invocation(OpId op) const { return events_[ops_[op].invoke]; }
  // Null when the operation never completed.
  const Event* completion(OpId op) const {
    return ops_[op].completion == kNever ? nullptr : &events_[ops_[op].completion];
  }
  std::size_t size() const { return events_.size(); }
  bool empty() const { return events_.empty(); }

  void write_jsonl(std::ostream& out) const;
  // Reads any of the formats above to the end. Lines of a log that are no operations (the nemesis, other
  // loggers) are passed over. Errors: "unknown" with the number of the line and what was expected there,
  // "io_error".
  static Expected<History> read(std::istream& in);
  // The same from a file; "-" is standard input. Errors also: "not_found".
  static Expected<History> load(const std::string& path);

 private:
  std::vector<Event> events_;
  std::vector<Op> ops_;
  std::unordered_map<std::int64_t, OpId> under_way_;  // only looked up, never iterated
  std::optional<Instant> last_time_;
};

}  // namespace syslab

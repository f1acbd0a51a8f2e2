// QueueRecorder: writes what happens to queues into a history, in the form that check_queue
// (core/check/queue.hpp) reads.
//
// Each operation is an invocation and its completion, both at the moment at which the queue acted:
//   send        value {group, dedup, delay}                -> {id, duplicate}
//   receive     value {visibility}                         -> list of {id, receipt, group}
//   delete      value {receipt}                            -> whether it deleted something
//   visibility  value {receipt, timeout}                   -> true
//   redrive     value {to}                                 -> how many
//   purge                                                  -> true
// `key` is the queue. Times in values are seconds. A client can record the same with its own times (an
// invocation when it asked, a completion when it heard); the checker then allows for what it cannot know.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/observe/history.hpp"
#include "core/queue/message_queue.hpp"

namespace syslab {

class QueueRecorder {
 public:
  // Null: records nothing.
  explicit QueueRecorder(std::shared_ptr<History> history) : history_(std::move(history)) {}

  void send(Instant now, const std::string& queue, const Outgoing& message, const Expected<Sent>& result,
            const MessageQueue& at);
  void receive(Instant now, const std::string& queue, Duration visibility, const std::vector<Received>& got,
               const MessageQueue& at);
  void remove(Instant now, const std::string& queue, const Receipt& receipt, const Expected<bool>& result);
  void change_visibility(Instant now, const std::string& queue, const Receipt& receipt, Duration timeout,
                         const Expected<bool>& result);
  void redrive(Instant now, const std::string& queue, const std::string& to, std::size_t count);
  void purge(Instant now, const std::string& queue);

 private:
  void record(Instant now, std::string_view f, const std::string& queue, Value argument,
              const Expected<Value>& result);

  std::shared_ptr<History> history_;
};

}  // namespace syslab

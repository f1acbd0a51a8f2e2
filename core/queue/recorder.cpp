#include "core/queue/recorder.hpp"

namespace syslab {

void QueueRecorder::record(Instant now, std::string_view f, const std::string& queue, Value argument,
                           const Expected<Value>& result) {
  const History::OpId op = history_->invoke(0, f, Value(queue), std::move(argument), now);
  history_->complete(op, result, now);
}

void QueueRecorder::send(Instant now, const std::string& queue, const Outgoing& message,
                         const Expected<Sent>& result, const MessageQueue& at) {
  if (history_ == nullptr) return;
  const Duration delay = message.delay.value_or(at.options().delay);
  Value::Map argument = {{"delay", to_seconds(delay)}};
  if (!message.group.empty()) argument.emplace_back("group", message.group);
  if (const std::string dedup = at.dedup_of(message); !dedup.empty()) argument.emplace_back("dedup", dedup);
  Expected<Value> answer = Value();
  if (result) {
    answer = Value::map({{"id", at.id_text(result->number)}, {"duplicate", result->duplicate}});
  } else {
    answer = result.error();
  }
  record(now, "send", queue, Value::map(std::move(argument)), answer);
}

void QueueRecorder::receive(Instant now, const std::string& queue, Duration visibility,
                            const std::vector<Received>& got, const MessageQueue& at) {
  if (history_ == nullptr) return;
  Value::List messages;
  for (const Received& m : got) {
    Value::Map message = {{"id", at.id_text(m.number, m.origin)}, {"receipt", m.receipt.text()}};
    if (!m.group.is_nil()) message.emplace_back("group", m.group);
    messages.push_back(Value::map(std::move(message)));
  }
  record(now, "receive", queue, Value::map({{"visibility", to_seconds(visibility)}}),
         Value::list(std::move(messages)));
}

void QueueRecorder::remove(Instant now, const std::string& queue, const Receipt& receipt,
                           const Expected<bool>& result) {
  if (history_ == nullptr) return;
  record(now, "delete", queue, Value::map({{"receipt", receipt.text()}}),
         result ? Expected<Value>(Value(*result)) : Expected<Value>(result.error()));
}

void QueueRecorder::change_visibility(Instant now, const std::string& queue, const Receipt& receipt,
                                      Duration timeout, const Expected<bool>& result) {
  if (history_ == nullptr) return;
  record(now, "visibility", queue,
         Value::map({{"receipt", receipt.text()}, {"timeout", to_seconds(timeout)}}),
         result ? Expected<Value>(Value(true)) : Expected<Value>(result.error()));
}

void QueueRecorder::redrive(Instant now, const std::string& queue, const std::string& to, std::size_t count) {
  if (history_ == nullptr) return;
  record(now, "redrive", queue, Value::map({{"to", to}}), Value(static_cast<double>(count)));
}

void QueueRecorder::purge(Instant now, const std::string& queue) {
  if (history_ == nullptr) return;
  record(now, "purge", queue, Value(), Value(true));
}

}  // namespace syslab

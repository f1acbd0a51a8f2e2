#include "core/stream/recorder.hpp"

#include <algorithm>

namespace syslab {
namespace {

Value number(std::int64_t n) {
  return static_cast<double>(n);
}

std::string hex(std::uint64_t n) {
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; n >>= 4) text[i] = "0123456789abcdef"[n & 15];
  return text;
}

Value described(const std::vector<StreamRecord>& records) {
  Value::List list;
  for (const StreamRecord& r : records) {
    Value::Map map = {{"offset", number(r.offset)},
                      {"id", hex(Value::list({r.key, r.value, r.headers}).hash())},
                      {"time", to_seconds(r.timestamp)}};
    if (!r.key.is_nil()) map.emplace_back("key", r.key);
    if (!r.producer.is_nil()) {
      map.emplace_back("producer", r.producer);
      map.emplace_back("sequence", number(r.sequence));
    }
    list.push_back(Value::map(std::move(map)));
  }
  return Value::list(std::move(list));
}

Value texts(const std::vector<std::string>& all) {
  Value::List list;
  for (const std::string& text : all) list.emplace_back(text);
  return Value::list(std::move(list));
}

}  // namespace

void StreamRecorder::record(Instant now, std::string_view f, const std::string& key, Value argument,
                            const Expected<Value>& result) {
  const Instant last = history_->empty() ? now : history_->events().back().time.value_or(now);
  const Instant at = std::max(now, last);
  const History::OpId op = history_->invoke(0, f, Value(key), std::move(argument), at);
  history_->complete(op, result, at);
}

void StreamRecorder::produce(Instant now, const std::string& partition, int acks, std::uint32_t epoch,
                             std::size_t isr, std::size_t min_insync,
                             const std::vector<StreamRecord>& records) {
  if (history_ == nullptr) return;
  record(now, "produce", partition, Value::map({{"acks", acks < 0 ? Value("all") : Value(acks)}}),
         Value::map({{"epoch", number(epoch)},
                     {"isr", number(static_cast<std::int64_t>(isr))},
                     {"min_insync", number(static_cast<std::int64_t>(min_insync))},
                     {"records", described(records)}}));
}

void StreamRecorder::fetch(Instant now, const std::string& partition, const std::string& reader,
                           std::int64_t offset, const Tip& tip, const std::vector<StreamRecord>& records) {
  if (history_ == nullptr) return;
  record(now, "fetch", partition, Value::map({{"offset", number(offset)}, {"reader", reader}}),
         Value::map({{"epoch", number(tip.epoch)},
                     {"start", number(tip.start)},
                     {"end", number(tip.end)},
                     {"high_watermark", number(tip.high_watermark)},
                     {"records", described(records)}}));
}

void StreamRecorder::elect(Instant now, const std::string& partition, const std::string& leader,
                           std::uint32_t epoch, std::size_t isr, bool unclean) {
  if (history_ == nullptr) return;
  record(now, "elect", partition, Value::map({}),
         Value::map({{"leader", leader},
                     {"epoch", number(epoch)},
                     {"isr", number(static_cast<std::int64_t>(isr))},
                     {"unclean", unclean}}));
}

void StreamRecorder::commit(Instant now, const std::string& group, const std::string& member,
                            std::uint32_t generation, const TopicPartition& partition, std::int64_t offset,
                            const Expected<bool>& result) {
  if (history_ == nullptr) return;
  record(now, "commit", group,
         Value::map({{"member", member},
                     {"generation", number(generation)},
                     {"partition", partition.text()},
                     {"offset", number(offset)}}),
         result ? Expected<Value>(Value(*result)) : Expected<Value>(result.error()));
}

void StreamRecorder::assign(Instant now, const std::string& group, std::uint32_t generation,
                            const std::map<std::string, Partitions>& members) {
  if (history_ == nullptr) return;
  Value::List list;
  for (const auto& [member, partitions] : members) {
    std::vector<std::string> names;
    for (const TopicPartition& tp : partitions) names.push_back(tp.text());
    list.push_back(Value::map({{"member", member}, {"partitions", texts(names)}}));
  }
  record(now, "assign", group, Value::map({}),
         Value::map({{"generation", number(generation)}, {"members", Value::list(std::move(list))}}));
}

void StreamRecorder::process(Instant now, const std::string& group, const std::string& member,
                             const TopicPartition& partition, std::int64_t offset) {
  if (history_ == nullptr) return;
  record(now, "process", group,
         Value::map({{"member", member}, {"partition", partition.text()}, {"offset", number(offset)}}),
         Value(true));
}

void StreamRecorder::reshard(Instant now, const std::string& stream, const std::vector<std::string>& parents,
                             const std::vector<std::string>& children) {
  if (history_ == nullptr) return;
  record(now, "reshard", stream, Value::map({}),
         Value::map({{"parents", texts(parents)}, {"children", texts(children)}}));
}

}  // namespace syslab

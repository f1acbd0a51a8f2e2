#include "core/observe/trace.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "core/base/assert.hpp"
#include "core/base/rng.hpp"

namespace syslab {
namespace {

constexpr std::array<std::string_view, 15> kKinds = {"send",  "deliver", "drop",    "duplicate", "start",
                                                     "stop",  "crash",   "restart", "pause",     "resume",
                                                     "fault", "heal",    "log",     "op",        "note"};

std::uint64_t hash_text(std::string_view text, std::uint64_t h) {
  h ^= text.size();
  std::size_t i = 0;
  std::uint64_t word = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::memcpy(&word, text.data() + i, 8);
    h = mix64(h ^ (std::endian::native == std::endian::little ? __builtin_bswap64(word) : word));
  }
  word = 0;
  for (; i < text.size(); ++i) word = word << 8 | static_cast<unsigned char>(text[i]);
  return mix64(h ^ word);
}

}  // namespace

std::string_view to_string(TraceEvent::Kind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

void Trace::record(TraceEvent event) {
  std::uint64_t h = mix64(digest_ ^ static_cast<std::uint64_t>(event.at.time_since_epoch().count()));
  h = mix64(h ^ (std::uint64_t{event.node.index} << 32 | event.peer.index));
  h = mix64(h ^ (event.id << 8 | static_cast<std::uint64_t>(event.kind)));
  h = hash_text(event.label, h ^ hash_text(event.form, 0));
  h = mix64(h ^
            (event.arrival ? static_cast<std::uint64_t>(event.arrival->time_since_epoch().count()) : ~0ull));
  digest_ = event.detail.hash(h);
  if (steps_ >= watch_first_ && steps_ <= watch_last_) watched_.push_back(digest_);
  ++steps_;
  if (steps_ % kCheckpointSteps == 0) checkpoints_.push_back(digest_);
  if (keep_ == 0) return;
  if (events_.size() < keep_) {
    events_.push_back(std::move(event));
    return;
  }
  events_[oldest_] = std::move(event);
  if (++oldest_ == keep_) oldest_ = 0;
}

std::string Trace::digest_hex() const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out(16, '0');
  for (std::size_t i = 0; i < 16; ++i) out[i] = kDigits[digest_ >> (60 - 4 * i) & 15];
  return out;
}

const TraceEvent& Trace::operator[](std::size_t index) const {
  SYSLAB_ASSERT(index < events_.size());
  std::size_t i = oldest_ + index;
  if (i >= events_.size()) i -= events_.size();
  return events_[i];
}

void Trace::write_json_lines(std::ostream& out, const NameOf& name_of) const {
  for (std::size_t i = 0; i < size(); ++i) {
    const TraceEvent& e = (*this)[i];
    Value::Map line;
    line.emplace_back("at", to_seconds(e.at));
    line.emplace_back("step", static_cast<double>(dropped() + i));
    line.emplace_back("kind", to_string(e.kind));
    if (e.node != kNoNode) line.emplace_back("node", name_of(e.node));
    if (e.peer != kNoNode) line.emplace_back("peer", name_of(e.peer));
    if (e.id != 0) line.emplace_back("id", static_cast<double>(e.id));
    if (!e.form.empty()) line.emplace_back("form", e.form);
    if (!e.label.empty()) line.emplace_back("label", e.label);
    if (!e.detail.is_nil()) line.emplace_back("detail", e.detail);
    if (e.arrival) line.emplace_back("arrival", to_seconds(*e.arrival));
    out << Value::map(std::move(line)).json() << '\n';
  }
}

void Trace::watch(std::uint64_t first, std::uint64_t last) {
  watch_first_ = first;
  watch_last_ = last;
  watched_.clear();
}

std::optional<std::size_t> first_difference(std::span<const std::uint64_t> a,
                                            std::span<const std::uint64_t> b) {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (a[i] != b[i]) return i;
  }
  if (a.size() == b.size()) return std::nullopt;
  return common;
}

}  // namespace syslab

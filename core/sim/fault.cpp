#include "core/sim/fault.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/base/assert.hpp"
#include "core/sim/world.hpp"

namespace syslab {
namespace {

bool is_lua_name(std::string_view text) {
  constexpr std::array<std::string_view, 22> kKeywords = {
      "and", "break", "do",  "else", "elseif", "end",    "false",  "for",  "function", "goto",  "if",
      "in",  "local", "nil", "not",  "or",     "repeat", "return", "then", "true",     "until", "while"};
  if (text.empty() || std::find(kKeywords.begin(), kKeywords.end(), text) != kKeywords.end()) return false;
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return is_letter(text[0]) && std::all_of(text.begin(), text.end(),
                                           [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::string lua_string(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 32 || byte == 127) {
      // Always three digits, so that a digit that follows is not taken for a part of it.
      out += '\\';
      for (int scale : {100, 10, 1}) out += static_cast<char>('0' + byte / scale % 10);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string lua_number(double number) {
  if (std::isnan(number)) return "0/0";
  if (std::isinf(number)) return number > 0 ? "math.huge" : "-math.huge";
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  return std::string(text, end);
}

// Marks the time in which fault actions run; they may nest (a chaos that injects).
class Acting {
 public:
  explicit Acting(bool& flag) : flag_(flag), before_(flag) { flag_ = true; }
  ~Acting() { flag_ = before_; }
  Acting(const Acting&) = delete;
  Acting& operator=(const Acting&) = delete;

 private:
  bool& flag_;
  bool before_;
};

}  // namespace

std::string lua_literal(const Value& value) {
  switch (value.type()) {
    case Value::Type::nil:
      return "nil";
    case Value::Type::boolean:
      return value.boolean() ? "true" : "false";
    case Value::Type::number:
      return lua_number(value.number());
    case Value::Type::string:
      return lua_string(value.string());
    case Value::Type::list: {
      std::string out = "{";
      for (const Value& item : value.list()) out += (out.size() > 1 ? ", " : " ") + lua_literal(item);
      return out + (out.size() > 1 ? " }" : "}");
    }
    case Value::Type::map: {
      std::string out = "{";
      for (const auto& [key, item] : value.map()) {
        out += (out.size() > 1 ? ", " : " ") + (is_lua_name(key) ? key : "[" + lua_string(key) + "]") +
               " = " + lua_literal(item);
      }
      return out + (out.size() > 1 ? " }" : "}");
    }
  }
  return "nil";
}

FaultTimeline::FaultTimeline(World& world, Rng rng) : world_(world), rng_(rng) {}

FaultTimeline::Record& FaultTimeline::record(FaultId id) {
  SYSLAB_ASSERT(id.value > 0 && id.value <= records_.size());
  return records_[id.value - 1];
}

FaultId FaultTimeline::add(FaultPtr fault) {
  records_.push_back({.plan = std::move(fault)});
  return FaultId{records_.size()};
}

Expected<FaultId> FaultTimeline::at(Instant at, FaultPtr fault, std::optional<Duration> lasting) {
  if (at < world_.now()) return make_error("unknown", "a fault cannot be planned for the past");
  if (lasting && *lasting < Duration::zero())
    return make_error("unknown", "a fault cannot last a negative time");
  if (Expected<bool> good = fault->check(world_); !good) return good.error();
  const FaultId id = add(std::move(fault));
  plan(at, [this, id] { begin(id); });
  if (lasting) plan(saturating_add(at, *lasting), [this, id] { heal_now(id); });
  return id;
}

FaultId FaultTimeline::inject_now(const FaultPtr& fault, std::optional<Duration> lasting) {
  SYSLAB_ASSERT(acting_);
  const FaultId id = add(fault);
  begin(id);
  if (lasting) plan(saturating_add(world_.now(), *lasting), [this, id] { heal_now(id); });
  return id;
}

void FaultTimeline::begin(FaultId id) {
  if (record(id).state != Record::State::planned) return;  // it was healed before it began
  const FaultPtr plan = record(id).plan;
  const Instant now = world_.now();
  // The fault's stream depends on what it is and when, so that dropping another fault does not change this
  // one's luck.
  std::uint64_t key = plan->options().hash(Value(plan->name()).hash());
  key = mix64(key ^ static_cast<std::uint64_t>(now.time_since_epoch().count()));
  const FaultPtr resolved = [&] {
    Rng choices = rng_.split("choices").split(key).split(repeats_[key]++);
    return plan->resolve(world_, choices);
  }();
  // Once resolved it draws from a stream named after its resolved form: the journal knows no other.
  std::uint64_t effect = resolved->options().hash(Value(resolved->name()).hash());
  effect = mix64(effect ^ static_cast<std::uint64_t>(now.time_since_epoch().count()));
  Rng rng = rng_.split("effects").split(effect).split(repeats_[~effect]++);
  {
    Record& r = record(id);
    r.resolved = resolved;
    r.state = resolved->heals() ? Record::State::active : Record::State::over;
    r.from = now;
    r.to = resolved->heals() ? Instant::max() : now;
    if (resolved->journaled()) r.number = ++last_number_;
  }
  if (resolved->journaled()) {
    const std::uint64_t number = last_number_;
    journal_.push_back({number, now, false, resolved, resolved->options()});
    TraceEvent event;
    event.kind = TraceEvent::Kind::fault;
    event.id = number;
    event.label = resolved->name();
    event.detail = journal_.back().options;
    world_.record(std::move(event));
  }
  resolved->inject(world_, rng);
}

bool FaultTimeline::heal_now(FaultId id) {
  SYSLAB_ASSERT(acting_);
  {
    Record& r = record(id);
    if (r.state == Record::State::planned) {
      r.state = Record::State::over;
      return true;
    }
    if (r.state != Record::State::active) return false;
    r.state = Record::State::over;
    r.to = world_.now();
  }
  const FaultPtr fault = record(id).resolved;
  if (fault->journaled()) {
    const std::uint64_t number = record(id).number;
    journal_.push_back({number, world_.now(), true, fault, fault->options()});
    TraceEvent event;
    event.kind = TraceEvent::Kind::heal;
    event.id = number;
    event.label = fault->name();
    world_.record(std::move(event));
  }
  fault->heal(world_);
  return true;
}

// Random faults first, which heal their own and stop; then what is left, the latest first.
void FaultTimeline::heal_all_now() {
  for (std::uint64_t id = 1; id <= records_.size(); ++id) {
    const Record& r = records_[id - 1];
    if (r.state == Record::State::active && !r.resolved->journaled()) heal_now(FaultId{id});
  }
  for (std::uint64_t id = records_.size(); id > 0; --id) {
    if (records_[id - 1].state == Record::State::active) heal_now(FaultId{id});
  }
}

void FaultTimeline::heal_at(Instant at, FaultId id) {
  SYSLAB_ASSERT(at >= world_.now());
  plan(at, [this, id] { heal_now(id); });
}

void FaultTimeline::heal_all_at(Instant at) {
  SYSLAB_ASSERT(at >= world_.now());
  plan(at, [this] { heal_all_now(); });
}

void FaultTimeline::plan(Instant at, std::function<void()> action) {
  if (at == Instant::max()) return;  // never
  actions_.emplace(at, std::move(action));
}

void FaultTimeline::run_next() {
  const std::function<void()> action = std::move(actions_.begin()->second);
  actions_.erase(actions_.begin());
  const Acting acting(acting_);
  action();
  for (Record& r : records_) {
    if (r.state != Record::State::active || !r.resolved->over(world_)) continue;
    r.state = Record::State::over;
    r.to = world_.now();
  }
}

bool FaultTimeline::active(FaultId id) const {
  return id.value > 0 && id.value <= records_.size() && records_[id.value - 1].state == Record::State::active;
}

std::size_t FaultTimeline::active_count() const {
  return static_cast<std::size_t>(std::count_if(
      records_.begin(), records_.end(), [](const Record& r) { return r.state == Record::State::active; }));
}

std::vector<FaultTimeline::Band> FaultTimeline::bands() const {
  std::vector<Band> bands;
  for (const Record& r : records_) {
    if (r.number == 0) continue;
    bands.push_back({r.from, r.to, std::string(r.resolved->name()), r.resolved->describe()});
  }
  std::stable_sort(bands.begin(), bands.end(), [](const Band& a, const Band& b) { return a.from < b.from; });
  return bands;
}

std::string FaultTimeline::schedule_lua() const {
  std::string out = "return function(w)\n  local f = {}\n";
  for (const Entry& entry : journal_) {
    const std::string number = std::to_string(entry.number);
    const std::string at = lua_number(to_seconds(entry.at));
    if (entry.heal) {
      out += "  w:heal_at(" + at + ", f[" + number + "])\n";
    } else {
      const std::string options = entry.options.map().empty() ? "{}" : lua_literal(entry.options);
      out += "  f[" + number + "] = w:at(" + at + ", lab.fault." + std::string(entry.fault->name()) +
             options + ")\n";
    }
  }
  return out + "end\n";
}

}  // namespace syslab

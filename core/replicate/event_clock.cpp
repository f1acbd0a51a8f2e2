#include "core/replicate/event_clock.hpp"

#include <algorithm>

namespace syslab {
namespace {

CausalOrder order_of(std::weak_ordering order) {
  return order < 0 ? CausalOrder::before : order > 0 ? CausalOrder::after : CausalOrder::equal;
}

// A stamp {numbers ..., node} with `numbers` whole numbers.
Expected<bool> check_stamp(const Value& stamp, std::size_t numbers) {
  bool good = stamp.is_list() && stamp.list().size() == numbers + 1 && stamp.list()[numbers].is_string();
  for (std::size_t i = 0; good && i < numbers; ++i) good = whole_number(stamp.list()[i]).has_value();
  if (!good) return make_error("malformed", "that is no stamp of this kind of clock: " + stamp.json());
  return true;
}

class LamportClock final : public EventClock {
 public:
  using EventClock::EventClock;
  std::string_view name() const override { return "lamport"; }
  Value tick(Instant) override {
    ++time_;
    return last();
  }
  Expected<Value> receive(Instant wall, const Value& stamp) override {
    if (const auto good = check_stamp(stamp, 1); !good) return good.error();
    time_ = std::max(time_, *whole_number(stamp.list()[0]));
    return tick(wall);
  }
  Expected<CausalOrder> compare(const Value& a, const Value& b) const override {
    for (const Value* stamp : {&a, &b}) {
      if (const auto good = check_stamp(*stamp, 1); !good) return good.error();
    }
    return order_of(a.compare(b) <=> 0);  // lists compare item by item
  }
  Value last() const override { return Value::list({static_cast<double>(time_), node()}); }

 private:
  std::uint64_t time_ = 0;
};

class VectorClock final : public EventClock {
 public:
  using EventClock::EventClock;
  std::string_view name() const override { return "vector"; }
  Value tick(Instant) override {
    events_.increment(node());
    return last();
  }
  Expected<Value> receive(Instant wall, const Value& stamp) override {
    const auto seen = VersionVector::decode(stamp);
    if (!seen) return seen.error();
    events_.merge(*seen);
    return tick(wall);
  }
  Expected<CausalOrder> compare(const Value& a, const Value& b) const override {
    const auto left = VersionVector::decode(a);
    if (!left) return left.error();
    const auto right = VersionVector::decode(b);
    if (!right) return right.error();
    return left->compare(*right);
  }
  Value last() const override { return events_.encode(); }

 private:
  VersionVector events_;
};

class HybridClock final : public EventClock {
 public:
  using EventClock::EventClock;
  std::string_view name() const override { return "hybrid"; }
  Value tick(Instant wall) override {
    time_.tick(wall);
    return last();
  }
  Expected<Value> receive(Instant wall, const Value& stamp) override {
    if (const auto good = check_stamp(stamp, 2); !good) return good.error();
    time_.receive(
        wall, {static_cast<std::int64_t>(*whole_number(stamp.list()[0])), *whole_number(stamp.list()[1])});
    return last();
  }
  Expected<CausalOrder> compare(const Value& a, const Value& b) const override {
    for (const Value* stamp : {&a, &b}) {
      if (const auto good = check_stamp(*stamp, 2); !good) return good.error();
    }
    return order_of(a.compare(b) <=> 0);
  }
  Value last() const override {
    return Value::list({static_cast<double>(time_.time), static_cast<double>(time_.counter), node()});
  }

 private:
  HybridTime time_;
};

}  // namespace

// Figure 5 of Kulkarni et al.: the time is the latest of the wall clock and what was seen, the counter tells
// apart what falls on one time. The time is kept where a double holds it exactly, some hundred days.
void HybridTime::tick(Instant wall) {
  const std::int64_t now =
      std::clamp<std::int64_t>(wall.time_since_epoch().count(), 0, std::int64_t{1} << 53);
  counter = now > time ? 0 : counter + 1;
  time = std::max(time, now);
}

void HybridTime::receive(Instant wall, const HybridTime& seen) {
  *this = std::max(*this, seen);
  tick(wall);
}

std::unique_ptr<EventClock> make_lamport_clock(std::string node) {
  return std::make_unique<LamportClock>(std::move(node));
}
std::unique_ptr<EventClock> make_vector_clock(std::string node) {
  return std::make_unique<VectorClock>(std::move(node));
}
std::unique_ptr<EventClock> make_hybrid_clock(std::string node) {
  return std::make_unique<HybridClock>(std::move(node));
}

}  // namespace syslab

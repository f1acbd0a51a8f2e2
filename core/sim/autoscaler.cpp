#include "core/sim/autoscaler.hpp"

#include <algorithm>
#include <cmath>

namespace syslab {

// Holds nothing of its own: when it starts, it goes on with what is known.
class Autoscaler::Process final : public Node {
 public:
  explicit Process(std::shared_ptr<Autoscaler> scaler) : kept_(std::move(scaler)), scaler_(*kept_) {}
  ~Process() override { scaler_.env_ = nullptr; }

  void on_start(Env& env) override {
    scaler_.env_ = &env;
    scaler_.timer_ = {};
    // Readings that were missed are missed.
    while (scaler_.next_reading_ <= scaler_.world_.now()) scaler_.next_reading_ += scaler_.options_.period;
    scaler_.wake(env);
  }
  void on_message(Env&, const Message&) override {}
  Value show() const override { return scaler_.show(); }

 private:
  const std::shared_ptr<Autoscaler> kept_;
  Autoscaler& scaler_;
};

Autoscaler::Autoscaler(World& world, AutoscalerOptions options)
    : world_(world),
      options_(std::move(options)),
      rng_(world.rng("autoscaler").split(world.name_of(options_.members.at(0)))),
      desired_(options_.start),
      next_reading_(world.now() + options_.period) {
  SYSLAB_ASSERT(options_.min <= options_.start && options_.start <= options_.max);
  SYSLAB_ASSERT(options_.max <= options_.members.size());
  SYSLAB_ASSERT(options_.period > Duration::zero());
  SYSLAB_ASSERT(options_.decide != nullptr);
  for (NodeId node : options_.members) {
    Member& member = members_.emplace_back();
    member.node = node;
    if (members_.size() <= options_.start) {
      member.since = world_.now();
      serve(member);
      member.warm_at = world_.now();
      continue;
    }
    Host& host = world_.host(node);
    if (!host.call_off_start()) host.stop();
    if (options_.rotate) options_.rotate(node, false);
  }
}

std::unique_ptr<Node> Autoscaler::process() {
  return std::make_unique<Process>(shared_from_this());
}

std::size_t Autoscaler::serving() const {
  return static_cast<std::size_t>(std::count_if(members_.begin(), members_.end(),
                                                [](const Member& m) { return m.state == State::serving; }));
}

std::size_t Autoscaler::booting() const {
  return static_cast<std::size_t>(std::count_if(members_.begin(), members_.end(),
                                                [](const Member& m) { return m.state == State::booting; }));
}

double Autoscaler::machine_seconds() const {
  double sum = machine_seconds_;
  for (const Member& m : members_) {
    if (m.state != State::off) sum += to_seconds(world_.now() - m.since);
  }
  return sum;
}

void Autoscaler::set_bounds(std::size_t min, std::size_t max) {
  SYSLAB_ASSERT(min <= max && max <= members_.size());
  options_.min = min;
  options_.max = max;
  desired_ = std::clamp(desired_, min, max);
  if (env_ == nullptr) return;
  adjust();
  arm(*env_);
}

// ---- members

void Autoscaler::baseline(Member& member) {
  const Host& host = world_.host(member.node);
  const Station* station = host.station();
  member.incarnation = host.incarnation();
  member.busy = station == nullptr ? 0 : station->busy_seconds();
  member.served = station == nullptr ? 0 : station->served();
  member.read_at = world_.now();
}

void Autoscaler::launch(Member& member) {
  if (member.state == State::draining) return serve(member);  // it has not gone yet
  member.state = State::booting;
  member.since = world_.now();
  const Duration boot = options_.boot ? sample_duration(*options_.boot, rng_) : Duration::zero();
  member.due = saturating_add(world_.now(), boot);
}

void Autoscaler::serve(Member& member) {
  member.state = State::serving;
  member.warm_at = saturating_add(world_.now(), options_.warmup);
  world_.host(member.node).start();
  baseline(member);
  if (options_.rotate) options_.rotate(member.node, true);
}

void Autoscaler::leave(Member& member) {
  if (member.state == State::booting) return off(member);
  member.state = State::draining;
  member.due = saturating_add(world_.now(), options_.drain);
  if (options_.rotate) options_.rotate(member.node, false);
}

void Autoscaler::off(Member& member) {
  machine_seconds_ += to_seconds(world_.now() - member.since);
  member.state = State::off;
  if (options_.rotate) options_.rotate(member.node, false);
  world_.host(member.node).stop();
}

// Launches what is missing and lets go what is too much: those first that have not booted yet, then the
// youngest.
void Autoscaler::adjust() {
  for (Member& m : members_) {
    if (ordered() >= desired_) break;
    if (m.state == State::draining) launch(m);
  }
  for (Member& m : members_) {
    if (ordered() >= desired_) break;
    if (m.state == State::off) launch(m);
  }
  for (const State state : {State::booting, State::serving}) {
    for (auto m = members_.rbegin(); m != members_.rend() && ordered() > desired_; ++m) {
      if (m->state == state) leave(*m);
    }
  }
}

// ---- time

void Autoscaler::wake(Env& env) {
  const Instant now = world_.now();
  for (Member& m : members_) {
    if (m.state == State::booting && m.due <= now) serve(m);
    if (m.state == State::draining && m.due <= now) off(m);
  }
  if (next_reading_ <= now) {
    next_reading_ = saturating_add(now, options_.period);
    read(env);
    for (Member& m : members_) {
      if (m.state == State::booting && m.due <= now) serve(m);
    }
  }
  arm(env);
}

void Autoscaler::arm(Env& env) {
  if (timer_) env.cancel(timer_);
  Instant next = next_reading_;
  for (const Member& m : members_) {
    if (m.state == State::booting || m.state == State::draining) next = std::min(next, m.due);
  }
  // A clock that runs slow makes it late, not early.
  timer_ = env.after(std::max(Duration::zero(), next - world_.now()), [this, &env] {
    timer_ = {};
    wake(env);
  });
}

std::optional<double> Autoscaler::measure(std::size_t& warm) {
  double busy = 0, slot_seconds = 0, requests = 0, member_seconds = 0;
  for (Member& m : members_) {
    if (m.state != State::serving) continue;
    const Host& host = world_.host(m.node);
    const Station* station = host.station();
    const bool same = host.incarnation() == m.incarnation;
    const Duration elapsed = world_.now() - m.read_at;
    if (m.warm_at <= world_.now()) {
      ++warm;
      if (same && station != nullptr) {
        busy += station->busy_seconds() - m.busy;
        slot_seconds += static_cast<double>(station->slots()) * to_seconds(elapsed);
        requests += static_cast<double>(station->served() - m.served);
        member_seconds += to_seconds(elapsed);
      }
    }
    baseline(m);
  }
  if (warm == 0) return std::nullopt;
  if (options_.metric == AutoscalerOptions::Metric::reported) return reported_;
  if (member_seconds == 0) return std::nullopt;
  return options_.metric == AutoscalerOptions::Metric::utilisation ? busy / slot_seconds
                                                                   : requests / member_seconds;
}

void Autoscaler::read(Env& env) {
  for (Member& m : members_) {
    const bool up = world_.host(m.node).up();
    // A crash: what it had is gone, and the next one boots in its place.
    if (m.state == State::serving && !up) off(m);
    // Somebody started it who does not know of us.
    if (m.state == State::off && up) world_.host(m.node).stop();
  }
  adjust();
  std::size_t warm = 0;
  const std::optional<double> metric = measure(warm);
  const std::size_t before = desired_;
  if (metric)
    desired_ =
        std::clamp(options_.decide(world_.now(), *metric, warm, ordered()), options_.min, options_.max);
  adjust();
  readings_.push_back({world_.now(), metric, desired_, serving(), booting()});
  if (desired_ != before) {
    env.log("wants " + std::to_string(desired_) + " members instead of " + std::to_string(before),
            Value::map({{"metric", metric ? Value(*metric) : Value()}}));
  }
}

Value Autoscaler::show() const {
  const auto n = [](std::size_t count) { return Value(static_cast<double>(count)); };
  return Value::map(
      {{"role", "autoscaler"},
       {"desired", n(desired_)},
       {"serving", n(serving())},
       {"booting", n(booting())},
       {"metric",
        !readings_.empty() && readings_.back().metric ? Value(*readings_.back().metric) : Value()}});
}

}  // namespace syslab

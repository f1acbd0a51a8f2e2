#include "core/sim/load.hpp"

#include <algorithm>

#include "core/sim/world.hpp"

namespace syslab {
namespace {

// A gap of mean 1, to be divided by the rate.
const DistributionPtr& unit_gap(LoadOptions::Arrivals arrivals) {
  static const DistributionPtr kPoisson = make_exponential({1.0});
  static const DistributionPtr kConstant = make_constant({1.0});
  static const DistributionPtr kUniform = make_uniform({0.0, 2.0});
  switch (arrivals) {
    case LoadOptions::Arrivals::constant:
      return kConstant;
    case LoadOptions::Arrivals::uniform:
      return kUniform;
    case LoadOptions::Arrivals::poisson:
      break;
  }
  return kPoisson;
}

SeriesOptions series_from(SeriesOptions options, Instant start) {
  options.origin = start;
  return options;
}

}  // namespace

Load::Load(World& world, NodeId self, LoadOptions options)
    : world_(world),
      self_(self),
      options_(std::move(options)),
      arrivals_rng_(world.rng("load").split(world.name_of(self)).split("arrivals")),
      body_rng_(world.rng("load").split(world.name_of(self)).split("body")),
      think_rng_(world.rng("load").split(world.name_of(self)).split("think")),
      series_(series_from(options_.series, std::max(world.now(), options_.start.value_or(world.now())))),
      started_(series_.origin()) {
  SYSLAB_ASSERT(!options_.mix.empty());
  for (const auto& [type, weight] : options_.mix) mix_total_ += weight;
  if (options_.body_bytes > 0) payload_ = std::string(options_.body_bytes, 'x');
  std::stable_sort(options_.rates.begin(), options_.rates.end(),
                   [](const RateStep& a, const RateStep& b) { return a.at < b.at; });
  if (options_.rate > 0 || !options_.rates.empty()) {
    schedule_arrival(started_);
    return;
  }
  for (std::size_t i = 0; i < options_.clients; ++i) {
    // Clients think before they ask for the first time too, so that they do not march in step.
    Duration wait = started_ - world_.now();
    if (options_.think) wait += sample_duration(*options_.think, think_rng_);
    world_.host(self_).after_world_time(wait, [this] { client_asks(); });
  }
}

double Load::rate_at(Instant t) const {
  double rate = options_.rate;
  for (const RateStep& step : options_.rates) {
    if (step.at > t) break;
    rate = step.rate;
  }
  return rate;
}

// The next arrival after `previous`. A gap that crosses a change of rate is stretched beyond it: the time
// that is left is scaled by the ratio of the rates, which for a Poisson process is exact.
std::optional<Instant> Load::next_arrival(Instant previous) {
  double work =
      unit_gap(options_.arrivals)->sample(arrivals_rng_);  // the integral of the rate up to the arrival
  Instant t = previous;
  for (;;) {
    const double rate = rate_at(t);
    Instant change = Instant::max();
    for (const RateStep& step : options_.rates) {
      if (step.at > t) {
        change = step.at;
        break;
      }
    }
    if (rate > 0) {
      const Instant arrival = saturating_add(t, from_seconds(work / rate));
      if (arrival < change) return arrival;
      work -= rate * to_seconds(change - t);
    }
    if (change == Instant::max()) return std::nullopt;
    t = change;
  }
}

void Load::schedule_arrival(Instant previous) {
  const std::optional<Instant> arrival = next_arrival(previous);
  if (!arrival || (options_.stop && *arrival >= *options_.stop)) return;
  const Instant at = std::max(*arrival, world_.now());
  next_ = world_.host(self_).after_world_time(at - world_.now(), [this] { arrive(due_); });
  due_ = at;
}

void Load::arrive(Instant intended) {
  next_ = TimerId{};
  if (stopped_) return;
  schedule_arrival(intended);
  ask(intended, false);
}

void Load::client_asks() {
  const Instant now = world_.now();
  if (stopped_ || (options_.stop && now >= *options_.stop)) return;
  ask(now, true);
}

void Load::ask(Instant intended, bool closed_loop) {
  Request request;
  request.type = options_.mix.front().first;
  if (options_.mix.size() > 1) {
    double at = body_rng_.unit() * mix_total_;
    for (const auto& [type, weight] : options_.mix) {
      request.type = type;
      if ((at -= weight) < 0) break;
    }
  }
  if (options_.keys || options_.body_bytes > 0) {
    Value::Map body;
    if (options_.keys) body.emplace_back("key", options_.keys(body_rng_));
    if (options_.body_bytes > 0) body.emplace_back("payload", payload_);
    request.body = Value::map(std::move(body));
  }
  ++sent_;
  const auto ended = [this, intended, closed_loop](const Result& result) {
    const Instant now = world_.now();
    if (result) {
      ++ok_;
      latency_.record((now - intended).count());
      series_.record_ok(now, now - intended);
    } else {
      ++errors_;
      ++errors_by_code_[result.error().code];
      series_.record_error(now);
    }
    if (!closed_loop) return;
    const Duration think = options_.think ? sample_duration(*options_.think, think_rng_) : Duration::zero();
    world_.host(self_).after_world_time(think, [this] { client_asks(); });
  };
  world_.host(self_).call(options_.to, std::move(request), options_.timeout, ended);
}

void Load::set_rate(double rate) {
  const Instant now = world_.now();
  std::erase_if(options_.rates, [&](const RateStep& step) { return step.at <= now; });
  options_.rate = rate;
  if (stopped_) return;
  world_.host(self_).cancel(next_);
  schedule_arrival(std::max(now, started_));
}

void Load::stop() {
  stopped_ = true;
  world_.host(self_).cancel(next_);
}

Value Load::report() const {
  const Instant now = world_.now();
  const Instant end = std::max(started_, options_.stop ? std::min(*options_.stop, now) : now);
  const double seconds = to_seconds(end - started_);
  const auto per_second = [&](std::uint64_t n) {
    return seconds > 0 ? static_cast<double>(n) / seconds : 0.0;
  };
  const auto in_seconds = [](std::int64_t ns) { return to_seconds(Duration(ns)); };
  const auto count = [](std::uint64_t n) { return static_cast<double>(n); };

  Value::Map by_code;
  for (const auto& [code, n] : errors_by_code_) by_code.emplace_back(code, count(n));

  Value latency = Value::map({{"count", count(latency_.count())},
                              {"mean", latency_.mean() / 1e9},
                              {"min", in_seconds(latency_.min())},
                              {"p50", in_seconds(latency_.percentile(50))},
                              {"p95", in_seconds(latency_.percentile(95))},
                              {"p99", in_seconds(latency_.percentile(99))},
                              {"p99_9", in_seconds(latency_.percentile(99.9))},
                              {"max", in_seconds(latency_.max())}});

  Series series = series_;
  if (now > series.origin()) series.extend_to(now);
  Value::List ok_rate, error_rate, p50, p99;
  for (std::size_t i = 0; i < series.size(); ++i) {
    ok_rate.emplace_back(series.ok_rate(i));
    error_rate.emplace_back(series.error_rate(i));
    p50.emplace_back(to_seconds(series[i].percentile(50)));
    p99.emplace_back(to_seconds(series[i].percentile(99)));
  }
  Value plot = Value::map({{"start", to_seconds(series.origin())},
                           {"interval", to_seconds(series.interval())},
                           {"ok_rate", Value::list(std::move(ok_rate))},
                           {"error_rate", Value::list(std::move(error_rate))},
                           {"p50", Value::list(std::move(p50))},
                           {"p99", Value::list(std::move(p99))}});

  Value::List faults;
  for (const FaultTimeline::Band& band : world_.faults().bands()) {
    Value::Map entry{{"from", to_seconds(band.from)}, {"name", band.name}, {"describe", band.describe}};
    if (band.to != Instant::max()) entry.emplace_back("to", to_seconds(band.to));
    faults.push_back(Value::map(std::move(entry)));
  }

  return Value::map({{"name", world_.name_of(self_)},
                     {"to", world_.name_of(options_.to)},
                     {"sent", count(sent_)},
                     {"ok", count(ok_)},
                     {"errors", count(errors_)},
                     {"outstanding", count(outstanding())},
                     {"by_code", Value::map(std::move(by_code))},
                     {"seconds", seconds},
                     {"rate", per_second(sent_)},
                     {"ok_rate", per_second(ok_)},
                     {"latency", std::move(latency)},
                     {"series", std::move(plot)},
                     {"faults", Value::list(std::move(faults))}});
}

}  // namespace syslab

#include "core/id/snowflake.hpp"

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "core/id/decimal.hpp"

namespace syslab {

std::string Snowflake::valid(const SnowflakeOptions& o) {
  for (const auto& [name, bits] :
       {std::pair("worker_bits", o.worker_bits), std::pair("process_bits", o.process_bits),
        std::pair("sequence_bits", o.sequence_bits)}) {
    if (bits < 0 || bits > 32) return fmt::format("{}: expected 0 to 32, got {}", name, bits);
  }
  if (o.time_bits < 1 || o.time_bits > 62)
    return fmt::format("time_bits: expected 1 to 62, got {}", o.time_bits);
  if (const int sum = o.time_bits + o.worker_bits + o.process_bits + o.sequence_bits; sum > 64) {
    return fmt::format("time_bits: all bits together are {}, and an id has 64", sum);
  }
  if (o.worker > mask(o.worker_bits)) {
    return fmt::format("worker: {} does not fit into {} bits", o.worker, o.worker_bits);
  }
  if (o.process > mask(o.process_bits)) {
    return fmt::format("process: {} does not fit into {} bits", o.process, o.process_bits);
  }
  if (o.tick < std::chrono::microseconds(1) || o.tick > std::chrono::hours(1)) {
    return "tick: expected 1 us to 1 h";
  }
  if (o.epoch < Instant() || o.epoch > Instant(std::chrono::hours(24 * 365 * 200))) {
    return "epoch: expected seconds after 1970, within 200 years";
  }
  if (o.tolerance < Duration::zero() || o.tolerance > std::chrono::hours(1)) {
    return "tolerance: expected 0 to 1 h";
  }
  return "";
}

Snowflake::Snowflake(const SnowflakeOptions& o)
    : options_(o),
      time_shift_(o.worker_bits + o.process_bits + o.sequence_bits),
      most_tick_(mask(o.time_bits)),
      most_sequence_(mask(o.sequence_bits)) {
  SYSLAB_ASSERT(valid(o).empty());
}

void Snowflake::begin(std::int64_t tick) {
  last_tick_ = tick;
  tick_begin_ = start_of(tick);
  tick_end_ = tick_begin_ + options_.tick;
  sequence_ = 0;
  fixed_ = static_cast<std::uint64_t>(tick) << time_shift_ |
           (options_.worker << options_.process_bits | options_.process) << options_.sequence_bits;
}

Expected<Issued> Snowflake::behind(Instant now, std::int64_t tick) const {
  if (tick < 0 && last_tick_ < 0) {
    return make_error("clock_backwards", fmt::format("the clock says {} s, which is before the epoch, {} s",
                                                     to_seconds(now), to_seconds(options_.epoch)));
  }
  const Duration back = start_of(last_tick_) - now;
  if (back <= options_.tolerance) return Issued{{}, back};
  return make_error("clock_backwards", fmt::format("the clock went back by {} s; the last id is of {} s",
                                                   to_seconds(back), to_seconds(start_of(last_tick_))));
}

Expected<Issued> Snowflake::out_of_ticks() const {
  return make_error("exhausted",
                    fmt::format("{} time bits have no room for the clock's tick", options_.time_bits));
}

std::string Snowflake::write(Id id) const {
  return write_decimal(id.low);
}

Expected<Id> Snowflake::read(std::string_view text) const {
  const Expected<std::uint64_t> number = read_decimal(text);
  if (!number) return number.error();
  const int bits = options_.time_bits + time_shift_;
  if (*number > mask(bits)) {
    return make_error("malformed", fmt::format("{} has more than the {} bits of these ids", text, bits));
  }
  return Id{0, *number};
}

Value Snowflake::fields(Id id) const {
  const std::uint64_t rest = id.low >> options_.sequence_bits;
  // In whole milliseconds where ticks are, and never through the nanoseconds of an Instant, which end in
  // 2262.
  const double ms_per_tick = static_cast<double>(options_.tick.count()) / 1e6;
  const double ms = static_cast<double>(options_.epoch.time_since_epoch().count()) / 1e6 +
                    static_cast<double>(id.low >> time_shift_) * ms_per_tick;
  Value v =
      Value::map({{"ms", ms},
                  {"time", ms / 1000},
                  {"worker", static_cast<double>(rest >> options_.process_bits & mask(options_.worker_bits))},
                  {"sequence", static_cast<double>(id.low & most_sequence_)}});
  if (options_.process_bits == 0) return v;
  return v.with("process", static_cast<double>(rest & mask(options_.process_bits)));
}

std::unique_ptr<IdGenerator> Snowflake::fresh(const Rng&, std::optional<std::uint64_t> worker) const {
  SnowflakeOptions o = options_;
  if (worker) o.worker = *worker;
  return std::make_unique<Snowflake>(o);
}

std::string Snowflake::describe() const {
  return fmt::format("snowflake{{worker = {}, bits = {}+{}+{}+{}}}", options_.worker, options_.time_bits,
                     options_.worker_bits, options_.process_bits, options_.sequence_bits);
}

}  // namespace syslab

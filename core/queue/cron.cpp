#include "core/queue/cron.hpp"

#include <fmt/format.h>

#include <charconv>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

constexpr Duration kMinute = std::chrono::minutes(1);
// The calendar repeats after 28 years, save for the years 2100, 2200, 2300; 40 cover these, too.
constexpr int kDaysAhead = 40 * 366;

Error malformed(std::string message) {
  return make_error("malformed", std::move(message));
}

// One field as a set of bits.
Expected<std::uint64_t> parse_field(std::string_view text, const char* name, int low, int high) {
  const auto bad = [&](std::string_view part) {
    return malformed(fmt::format("'{}' is no {}: expected numbers from {} to {}, such as 5, 1-5, */2 or 1,3",
                                 part, name, low, high));
  };
  std::uint64_t set = 0;
  for (;;) {
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    const char* at = part.data();
    const char* const end = at + part.size();
    int from = low, to = high, step = 1;
    const auto number = [&](int& out) {
      const auto [next, error] = std::from_chars(at, end, out);
      at = next;
      return error == std::errc();
    };
    bool range = true;
    if (at != end && *at == '*') {
      ++at;
    } else {
      if (!number(from)) return bad(part);
      to = from;
      range = at != end && *at == '-';
      if (range && (++at, !number(to))) return bad(part);
    }
    if (at != end && *at == '/') {
      ++at;
      if (!range) to = high;
      if (!number(step) || step < 1) return bad(part);
    }
    if (at != end || from < low || to > high || from > to) return bad(part);
    for (int i = from; i <= to; i += step) set |= std::uint64_t{1} << i;
    if (comma == text.npos) return set;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

Schedule Schedule::every(Duration interval) {
  SYSLAB_ASSERT(interval > Duration::zero());
  Schedule s;
  s.interval_ = interval;
  return s;
}

Expected<Schedule> Schedule::cron(std::string_view line) {
  std::string_view parts[5];
  int count = 0;
  for (std::string_view rest = line;;) {
    const std::size_t begin = rest.find_first_not_of(" \t");
    if (begin == rest.npos) break;
    rest.remove_prefix(begin);
    const std::size_t end = rest.find_first_of(" \t");
    if (count < 5) parts[count] = rest.substr(0, end);
    ++count;
    if (end == rest.npos) break;
    rest.remove_prefix(end);
  }
  if (count != 5) {
    return malformed("a cron line has five fields (minute hour day month weekday), this one " +
                     std::to_string(count));
  }
  Schedule s;
  Fields& f = s.fields_;
  const struct {
    const char* name;
    int low, high;
    std::uint64_t* set;
  } fields[5] = {{"minute", 0, 59, &f.minute},
                 {"hour", 0, 23, &f.hour},
                 {"day of the month", 1, 31, &f.day},
                 {"month", 1, 12, &f.month},
                 {"day of the week", 0, 7, &f.weekday}};
  for (int i = 0; i < 5; ++i) {
    const auto set = parse_field(parts[i], fields[i].name, fields[i].low, fields[i].high);
    if (!set) return set.error();
    *fields[i].set = *set;
  }
  if ((f.weekday & 0x80) != 0) f.weekday |= 1;
  f.any_day = parts[2].starts_with('*');
  f.any_weekday = parts[4].starts_with('*');
  if (!s.next(Instant())) return malformed("this time never comes: " + std::string(line));
  return s;
}

std::optional<Instant> Schedule::next(Instant now) const {
  using namespace std::chrono;
  const auto has = [](std::uint64_t set, unsigned n) { return (set >> n & 1) != 0; };
  std::int64_t minute = now.time_since_epoch() / kMinute + 1;
  sys_days date{days(minute / (24 * 60))};
  unsigned in_day = static_cast<unsigned>(minute % (24 * 60));
  for (int i = 0; i < kDaysAhead; ++i, date += days(1), in_day = 0) {
    const year_month_day ymd(date);
    if (!has(fields_.month, unsigned{ymd.month()})) continue;
    const bool day = has(fields_.day, unsigned{ymd.day()});
    const bool weekday_fits = has(fields_.weekday, weekday(date).c_encoding());
    const bool either = !fields_.any_day && !fields_.any_weekday;
    if (either ? !(day || weekday_fits) : !(day && weekday_fits)) continue;
    for (unsigned m = in_day; m < 24 * 60; ++m) {
      if (has(fields_.hour, m / 60) && has(fields_.minute, m % 60)) {
        return Instant(kMinute * (date.time_since_epoch().count() * 24 * 60 + m));
      }
    }
  }
  return std::nullopt;
}

Instant Schedule::after(Instant now) const {
  if (interval_ > Duration::zero()) return saturating_add(now, interval_);
  return next(now).value_or(Instant::max());
}

}  // namespace syslab

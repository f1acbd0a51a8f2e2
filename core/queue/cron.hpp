// Schedule: the times at which something repeats: every so often, or by a cron line.
//
// A cron line has five fields: minute hour day-of-month month day-of-week, each a list of numbers, ranges
// a-b, steps */n or a-b/n, or '*'. Days of the week are 0 to 7, 0 and 7 being Sunday. Where both day fields
// are restricted, either will do, as in Vixie cron. The calendar is UTC and time 0 of the world is Thursday,
// 1 January 1970, 00:00.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/time.hpp"

namespace syslab {

class Schedule {
 public:
  // Requires: interval > 0.
  static Schedule every(Duration interval);
  // Errors: malformed, naming the field; also for a line that never comes, such as the 30th of February.
  static Expected<Schedule> cron(std::string_view line);

  // The first time after `now`.
  Instant after(Instant now) const;

 private:
  struct Fields {
    std::uint64_t minute = 0, hour = 0, day = 0, month = 0, weekday = 0;  // sets of numbers, as bits
    bool any_day = false, any_weekday = false;
  };
  std::optional<Instant> next(Instant now) const;

  Duration interval_ = Duration::zero();
  Fields fields_;
};

}  // namespace syslab

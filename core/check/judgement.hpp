// What a checker says of a history: ok, violated or unknown, with what it found in words and as a
// sub-history.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/value.hpp"
#include "core/check/linearizable.hpp"
#include "core/observe/history.hpp"

namespace syslab {

// One thing that must not be.
struct Anomaly {
  std::string name;                     // "stale read", "G-single": each checker's header lists its own
  std::string message;                  // one sentence or a few lines, which name the operations
  std::vector<History::OpId> ops = {};  // in the order in which the message speaks of them
};

struct Judgement {
  Outcome outcome = Outcome::ok;
  std::string message = {};  // one line
  std::vector<Anomaly> anomalies =
      {};                    // what was found, the plainest first; not more than kAnomaliesMax of a name
  History history = {};      // violated: the operations of the first anomaly
  std::string picture = {};  // the same as a few lines, ended; may be empty
  std::size_t operations = 0;
  std::uint64_t steps = 0;
  Value numbers = {};  // a map of what was counted, such as { lost = 2 }; may be nil

  static constexpr std::size_t kAnomaliesMax = 8;
};

// For a terminal; no line end after the last line.
std::string to_text(const Judgement& judgement);

// Adds an anomaly, unless kAnomaliesMax of its name are there; the outcome is then violated.
void add(Judgement& judgement, Anomaly anomaly);
// Sets history from the first anomaly, and the message if there is none yet: that of the first anomaly, or
// `fine`.
void conclude(Judgement& judgement, const History& history, std::string fine);

// "lines 85 and 86" of the file, or "from 1.5 s to 2 s", or nothing where neither is known.
std::string when(const Event& invocation, const Event* completion);
// "process 3: read 2 (lines 85 and 86)"; the operation's own words are the caller's.
std::string who_and_when(const History& history, History::OpId op, std::string_view what);
// "read 2", "append 4 = true (failed)": for operations that no model describes.
std::string in_words(const History& history, History::OpId op);
// The part of a history that these operations make.
History part_of(const History& history, std::vector<History::OpId> ops);
std::string plural(std::size_t count, const char* one, const char* many);
// JSON, nil as nil, cut where it is long.
std::string shown(const Value& value);

}  // namespace syslab

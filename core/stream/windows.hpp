// Windows: aggregates of an endless stream of events, by the time at which they happened.
//
// A pure data structure; the only clock is the *watermark*, a claim that no event older than it is still to
// come. It follows the newest event at a distance (`out_of_order`), or is advanced by hand when a source is
// idle. A window's result is given when the watermark reaches its end (a sliding one's: has passed it); an
// event that comes after that but
// within the allowed lateness makes its windows give a corrected result at once; one that comes later still
// is late: it is counted, given to whoever asked, and changes nothing.
//
//   tumbling  [0,10) [10,20) [20,30)                   each event in one window
//   hopping   [0,10) [5,15) [10,20)                    a window every `advance`
//   sliding   (t-10, t] for every event's time t       what happened in the last 10 s, at each event
//   session   events of a key that are no more than `gap` apart; the window ends `gap` after the last one
//
// Windows are aligned to time zero and hold their start and not their end (sliding: the other way round).
// Sessions whose windows touch are one, as in Flink. Results come by end, then start, then key, however the
// events came.
//
// Cost: O(log n) an event and window; memory O(windows) (sliding: O(events)) of the last size + lateness.
// Source: Akidau et al. 2015, "The Dataflow Model"; Flink's event-time windows; Kafka Streams' sliding
// windows (KIP-450).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/base/time.hpp"
#include "core/base/value.hpp"

namespace syslab {

enum class WindowKind : std::uint8_t { tumbling, hopping, sliding, session };
std::string_view to_string(WindowKind kind);

struct EventWindowOptions {
  WindowKind kind = WindowKind::tumbling;
  Duration size = std::chrono::minutes(1);
  Duration advance = std::chrono::minutes(1);  // hopping
  Duration gap = std::chrono::minutes(5);      // session
  Duration out_of_order = Duration::zero();    // how far the watermark stays behind the newest event
  Duration lateness = Duration::zero();        // how long a window may still be corrected
};

struct Aggregate {
  std::uint64_t count = 0;
  double sum = 0;
  double min = 0;
  double max = 0;

  void add(double value);
  void merge(const Aggregate& other);
};

struct WindowResult {
  Value key;
  Instant from;
  Instant to;
  Aggregate aggregate;
  bool correction = false;  // of a result that was given before
  bool retraction = false;  // that window has become part of a larger session
};

struct WindowCounts {
  std::uint64_t events = 0;
  std::uint64_t late = 0;       // changed nothing
  std::uint64_t corrected = 0;  // came late, and were still taken
  std::uint64_t results = 0;
};

class Windows {
 public:
  // Requires: size, advance and gap above zero; advance at most size. Times and durations small enough to be
  // added: below 100 years.
  explicit Windows(EventWindowOptions options);

  const EventWindowOptions& options() const { return options_; }

  // Takes an event and appends the results that are due to `out`. False where it was too late for all its
  // windows.
  bool add(Instant time, const Value& key, double value, std::vector<WindowResult>& out);
  // Nothing older than `watermark` will come. An older one than the present one changes nothing.
  void advance(Instant watermark, std::vector<WindowResult>& out);

  // None before the first event.
  std::optional<Instant> watermark() const { return watermark_; }
  const WindowCounts& counts() const { return counts_; }
  // Windows that are kept.
  std::size_t size() const { return open_.size(); }

 private:
  struct Pane {
    Aggregate aggregate = {};
    bool fired = false;
  };
  using Place = std::tuple<Instant, Instant, Value>;  // end, start, key

  void fire(const Place& place, Pane& pane, std::vector<WindowResult>& out, bool correction);
  bool put(Instant from, Instant to, const Value& key, double value, std::vector<WindowResult>& out);
  bool add_session(Instant time, const Value& key, double value, std::vector<WindowResult>& out);
  bool add_sliding(Instant time, const Value& key, double value, std::vector<WindowResult>& out);
  Aggregate slide(Instant end, const Value& key) const;
  // Whether nothing that a window holds that ends there is still to come; sliding windows hold their end.
  bool over(Instant end) const;
  // Whether a window that ends there takes nothing any more.
  bool closed(Instant end) const;

  const EventWindowOptions options_;
  std::optional<Instant> watermark_;
  std::map<Place, Pane> open_;  // by end; of sliding windows: one for each time of an event
  std::map<Value, std::map<Instant, Aggregate>> events_;  // sliding: what happened, by key and time
  std::map<Value, std::map<Instant, Instant>> sessions_;  // by key: starts and ends
  WindowCounts counts_;
};

}  // namespace syslab

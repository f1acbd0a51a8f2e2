#include "core/stream/windows.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace syslab {

std::string_view to_string(WindowKind kind) {
  constexpr std::string_view kNames[] = {"tumbling", "hopping", "sliding", "session"};
  return kNames[static_cast<std::size_t>(kind)];
}

void Aggregate::add(double value) {
  merge({1, value, value, value});
}

void Aggregate::merge(const Aggregate& other) {
  if (other.count == 0) return;
  min = count == 0 ? other.min : std::min(min, other.min);
  max = count == 0 ? other.max : std::max(max, other.max);
  count += other.count;
  sum += other.sum;
}

Windows::Windows(EventWindowOptions options) : options_(options) {
  SYSLAB_ASSERT(options_.size > Duration::zero() && options_.gap > Duration::zero());
  SYSLAB_ASSERT(options_.kind != WindowKind::hopping ||
                (options_.advance > Duration::zero() && options_.advance <= options_.size));
}

bool Windows::over(Instant end) const {
  return watermark_ && (options_.kind == WindowKind::sliding ? end < *watermark_ : end <= *watermark_);
}

bool Windows::closed(Instant end) const {
  return over(end + options_.lateness);
}

void Windows::fire(const Place& place, Pane& pane, std::vector<WindowResult>& out, bool correction) {
  pane.fired = true;
  ++counts_.results;
  const auto& [end, start, key] = place;
  if (options_.kind == WindowKind::sliding) pane.aggregate = slide(end, key);
  out.push_back({key, start, end, pane.aggregate, correction, false});
}

bool Windows::put(Instant from, Instant to, const Value& key, double value, std::vector<WindowResult>& out) {
  if (closed(to)) return false;
  const auto at = open_.try_emplace(Place{to, from, key}).first;
  at->second.aggregate.add(value);
  if (over(to)) {
    const bool again = at->second.fired;
    fire(at->first, at->second, out, again);
  }
  return true;
}

bool Windows::add_session(Instant time, const Value& key, double value, std::vector<WindowResult>& out) {
  const Instant end = time + options_.gap;
  std::map<Instant, Instant>& mine = sessions_[key];
  Instant from = time, to = end;
  Aggregate aggregate;
  aggregate.add(value);
  // All sessions that its window touches are one with it. Those that fired were told, so they are taken back.
  std::vector<Instant> merged;
  for (const auto& [s, e] : mine) {
    if (s <= end && time <= e) merged.push_back(s);
  }
  for (const Instant s : merged) {
    from = std::min(from, s);
    to = std::max(to, mine.at(s));
  }
  if (closed(to)) {
    if (mine.empty()) sessions_.erase(key);
    return false;
  }
  bool corrects = false;
  for (const Instant s : merged) {
    const auto pane = open_.find(Place{mine.at(s), s, key});
    aggregate.merge(pane->second.aggregate);
    if (pane->second.fired) {
      corrects = true;
      if (s != from || mine.at(s) != to)
        out.push_back({key, s, mine.at(s), pane->second.aggregate, false, true});
    }
    open_.erase(pane);
    mine.erase(s);
  }
  mine[from] = to;
  const auto at = open_.emplace(Place{to, from, key}, Pane{aggregate, false}).first;
  if (over(to)) fire(at->first, at->second, out, corrects);
  return true;
}

Aggregate Windows::slide(Instant end, const Value& key) const {
  Aggregate all;
  const auto mine = events_.find(key);
  if (mine == events_.end()) return all;
  for (auto e = mine->second.upper_bound(end - options_.size); e != mine->second.end() && e->first <= end;
       ++e) {
    all.merge(e->second);
  }
  return all;
}

bool Windows::add_sliding(Instant time, const Value& key, double value, std::vector<WindowResult>& out) {
  if (closed(time)) return false;
  events_[key][time].add(value);
  open_.try_emplace(Place{time, time - options_.size, key});
  if (!over(time)) return true;
  // Its own window, and those of later events that reach back to it.
  for (const auto& [t, aggregate] :
       std::map<Instant, Aggregate>(events_[key].lower_bound(time), events_[key].end())) {
    if (t >= time + options_.size || !over(t)) break;
    const auto at = open_.find(Place{t, t - options_.size, key});
    if (at != open_.end()) fire(at->first, at->second, out, at->second.fired);
  }
  return true;
}

bool Windows::add(Instant time, const Value& key, double value, std::vector<WindowResult>& out) {
  ++counts_.events;
  bool taken = false;
  const bool behind = watermark_ && time < *watermark_;
  const std::uint64_t results = counts_.results;
  if (options_.kind == WindowKind::session) {
    taken = add_session(time, key, value, out);
  } else if (options_.kind == WindowKind::sliding) {
    taken = add_sliding(time, key, value, out);
  } else {
    const Duration step = options_.kind == WindowKind::hopping ? options_.advance : options_.size;
    // The last window that begins at or before the event; and those before it that still hold it.
    const std::int64_t ns = time.time_since_epoch().count();
    std::int64_t index = ns / step.count();
    if (ns < 0 && ns % step.count() != 0) --index;
    std::vector<Instant> starts;
    for (Instant start = Instant(Duration(index * step.count())); start + options_.size > time;
         start -= step) {
      starts.push_back(start);
    }
    for (std::size_t i = starts.size(); i-- > 0;) {
      taken = put(starts[i], starts[i] + options_.size, key, value, out) || taken;
    }
  }
  if (!taken) {
    ++counts_.late;
  } else if (behind && counts_.results > results) {
    ++counts_.corrected;
  }
  advance(time - options_.out_of_order, out);
  return taken;
}

void Windows::advance(Instant watermark, std::vector<WindowResult>& out) {
  if (watermark_ && watermark <= *watermark_) return;
  watermark_ = watermark;
  for (auto& [place, pane] : open_) {
    if (!over(std::get<0>(place))) break;
    if (!pane.fired) fire(place, pane, out, false);
  }
  // What can change no more is forgotten.
  while (!open_.empty() && closed(std::get<0>(open_.begin()->first))) {
    const auto& [end, start, key] = open_.begin()->first;
    if (const auto mine = sessions_.find(key); mine != sessions_.end()) {
      mine->second.erase(start);
      if (mine->second.empty()) sessions_.erase(mine);
    }
    open_.erase(open_.begin());
  }
  if (options_.kind != WindowKind::sliding) return;
  // An event is looked at by windows up to `size` after it.
  for (auto mine = events_.begin(); mine != events_.end();) {
    std::map<Instant, Aggregate>& all = mine->second;
    while (!all.empty() && closed(all.begin()->first + options_.size)) all.erase(all.begin());
    mine = all.empty() ? events_.erase(mine) : std::next(mine);
  }
}

}  // namespace syslab

#include "core/check/projection.hpp"

#include <map>

namespace syslab {
namespace {

struct Row {
  Value value;
  std::size_t event;  // that changed it last, counted from 1
};

}  // namespace

ProjectionVerdict check_projection(const std::vector<Value>& events, const Value& rows,
                                   const FoldEvent& apply) {
  ProjectionVerdict verdict;
  const auto violated = [&](std::string rule, const std::string& key, std::string message) {
    verdict.outcome = Outcome::violated;
    verdict.rule = std::move(rule);
    verdict.key = key;
    verdict.message = std::move(message);
    return verdict;
  };
  std::map<std::string, Row> fold;
  std::map<std::string, std::size_t> gone;  // the event that deleted it
  for (const Value& event : events) {
    ++verdict.events;
    const auto changes = apply(event, [&](const std::string& key) {
      const auto found = fold.find(key);
      return found == fold.end() ? Value() : found->second.value;
    });
    if (!changes) {
      return violated("apply", "",
                      "event " + std::to_string(verdict.events) + ": " + changes.error().message);
    }
    if (!changes->is_map()) continue;
    for (const auto& [key, value] : changes->map()) {
      if (value.truthy()) {
        fold[key] = {value, verdict.events};
      } else {
        fold.erase(key);
        gone[key] = verdict.events;
      }
    }
  }
  verdict.rows = fold.size();
  for (const auto& [key, row] : fold) {
    const Value& shown = rows[key];
    const std::string by = " by event " + std::to_string(row.event);
    if (shown.is_nil()) return violated("missing", key, "row '" + key + "' is not there; it was made" + by);
    if (!(shown == row.value)) {
      return violated("differs", key,
                      "row '" + key + "' is " + shown.json() + ", and " + row.value.json() +
                          " by the log (changed last" + by + ")");
    }
  }
  if (rows.is_map()) {
    for (const auto& [key, value] : rows.map()) {
      if (fold.contains(key)) continue;
      return violated("extra", key,
                      "row '" + key + "' is there, and by the log it is not" +
                          (gone.contains(key) ? " since event " + std::to_string(gone[key]) : ""));
    }
  }
  verdict.message =
      std::to_string(verdict.rows) + " rows are what " + std::to_string(verdict.events) + " events give";
  return verdict;
}

}  // namespace syslab

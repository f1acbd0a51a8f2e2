#include "core/replicate/raft_bug.hpp"

#include <algorithm>
#include <array>

namespace syslab {
namespace {

constexpr std::array<std::string_view, 21> kNames = {
    "ack_before_commit", "ack_before_disk", "vote_not_persisted", "votes_twice", "votes_for_anyone",
    "compares_length_only", "minority_elects", "minority_commits", "commits_older_term",
    "ignores_previous_term", "truncates_always", "never_truncates", "commits_past_match",
    "answers_by_index", "stale_reads", "lease_without_bound", "reads_before_own_entry", "executes_twice",
    "snapshot_forgets_clients", "snapshot_keeps_state", "members_at_once",
};

}  // namespace

std::span<const std::string_view> raft_bug_names() {
  return kNames;
}

std::optional<RaftBug> parse_raft_bug(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<RaftBug>(found - kNames.begin() + 1);
}

std::string_view to_string(RaftBug bug) {
  return bug == RaftBug::none ? "none" : kNames[static_cast<std::size_t>(bug) - 1];
}

}  // namespace syslab

// LogWatch: the invariants of a log that replicas copy from a leader, checked at every change of any replica.
//
//   one leader a term      at most one leader a term
//   log matching           entries of the same index and term are the same, and so are all before them
//   leader completeness    a leader has every entry that was committed before: no acknowledged write is lost
//   state machine safety   no two replicas commit different entries at an index
//   leader append-only     is checked by the others: an entry that a leader replaces has two values
//   durability             a committed entry is never dropped by a replica that held it as committed
// Terms are what orders leaders: Raft's terms, the views of view-stamped replication, the epochs of a
// primary. Committed is what may be acknowledged. Source: Ongaro & Ousterhout 2014, figure 3. Cost: a map
// look-up for each entry appended or committed at each replica; memory for each entry of the run.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "core/base/node_id.hpp"
#include "core/base/value.hpp"
#include "core/replicate/watch.hpp"

namespace syslab {

class LogWatch final : public Watch {
 public:
  // `lossy`: of a protocol that may lose what it acknowledged. Then only the first two invariants are
  // checked, and lost() counts.
  explicit LogWatch(bool lossy = false) : lossy_(lossy) {}

  // A node begins to lead. `term_at` tells the term of an entry in its log: 0 where it has none, ~0 where
  // only a snapshot covers it.
  void leads(NodeId node, std::uint64_t term,
             const std::function<std::uint64_t(std::uint64_t index)>& term_at);
  void appended(NodeId node, std::uint64_t index, std::uint64_t term, std::uint64_t previous_term,
                const Value& command);
  void committed(NodeId node, std::uint64_t index, std::uint64_t term);
  void dropped_committed(NodeId node, std::uint64_t index);
  // A replica drops an entry of its log for another, and says so.
  void dropped(std::uint64_t index, std::uint64_t term) { dropped_.emplace(index, term); }

  // Of a lossy protocol, the committed entries that are not in the log in which `term_at` looks; and how many
  // of these no replica has said to have dropped.
  struct Losses {
    std::uint64_t lost = 0;
    std::uint64_t unreported = 0;
  };
  Losses losses(const std::function<std::uint64_t(std::uint64_t index)>& term_at) const;

 private:
  struct Entry {
    std::uint64_t previous_term;
    std::uint64_t command;  // its hash
  };

  bool lossy_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> acknowledged_;  // of a lossy protocol: index and term
  std::set<std::pair<std::uint64_t, std::uint64_t>> dropped_;
  std::map<std::uint64_t, NodeId> leaders_;                           // by term
  std::map<std::pair<std::uint64_t, std::uint64_t>, Entry> entries_;  // by index and term
  std::map<std::uint64_t, std::uint64_t> committed_;                  // the term by index
};

}  // namespace syslab

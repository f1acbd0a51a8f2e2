// RaftWatch: sees every change of every replica of one Raft group, all at once, as no replica can, and says
// when the safety properties of the paper (figure 3) are broken.
//
//   election safety        at most one leader a term
//   log matching           entries of the same index and term are the same, and so are all before them
//   leader completeness    a leader has every entry that was committed before
//   state machine safety   no two replicas commit different entries at an index
//   leader append-only     is checked by the others: an entry that a leader replaces has two values
//   durability             a committed entry is never dropped by a replica that held it as committed
// Cost: a map look-up for each entry appended or committed at each replica; memory for each entry of the run.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/base/node_id.hpp"
#include "core/base/value.hpp"

namespace syslab {

class RaftWatch {
 public:
  void leads(NodeId node, std::uint64_t term,
             const std::function<std::uint64_t(std::uint64_t index)>& term_at);
  void appended(NodeId node, std::uint64_t index, std::uint64_t term, std::uint64_t previous_term,
                const Value& command);
  void committed(NodeId node, std::uint64_t index, std::uint64_t term);
  void dropped_committed(NodeId node, std::uint64_t index);

  // The first that was broken, in words; none as long as all hold.
  const std::optional<std::string>& violation() const { return violation_; }

 private:
  struct Entry {
    std::uint64_t previous_term;
    std::uint64_t command;  // its hash
  };
  void violated(std::string what);

  std::map<std::uint64_t, NodeId> leaders_;                           // by term
  std::map<std::pair<std::uint64_t, std::uint64_t>, Entry> entries_;  // by index and term
  std::map<std::uint64_t, std::uint64_t> committed_;                  // the term by index
  std::optional<std::string> violation_;
};

}  // namespace syslab

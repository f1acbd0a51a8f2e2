#include "core/replicate/log_watch.hpp"

#include <fmt/format.h>

namespace syslab {

void LogWatch::leads(NodeId node, std::uint64_t term,
                     const std::function<std::uint64_t(std::uint64_t index)>& term_at) {
  if (const auto [other, fresh] = leaders_.emplace(term, node); !fresh && other->second != node) {
    violated(fmt::format("election safety: nodes {} and {} both lead term {}", other->second.index,
                         node.index, term));
  }
  // Entries match up to where two logs have the same term at an index, so the last committed one speaks for
  // all.
  if (lossy_ || committed_.empty()) return;
  const auto& [index, committed_term] = *committed_.rbegin();
  if (term > committed_term && term_at(index) != committed_term) {
    violated(fmt::format(
        "leader completeness: node {} leads term {} without entry {} of term {}, which was committed",
        node.index, term, index, committed_term));
  }
}

void LogWatch::appended(NodeId node, std::uint64_t index, std::uint64_t term, std::uint64_t previous_term,
                        const Value& command) {
  const Entry entry{previous_term, command.hash()};
  const auto [known, fresh] = entries_.emplace(std::pair(index, term), entry);
  if (fresh) return;
  if (known->second.command != entry.command) {
    violated(fmt::format("log matching: node {} has another entry {} of term {} than others have", node.index,
                         index, term));
  } else if (known->second.previous_term != entry.previous_term) {
    violated(fmt::format(
        "log matching: at node {} entry {} of term {} follows an entry of term {}, elsewhere of {}",
        node.index, index, term, entry.previous_term, known->second.previous_term));
  }
}

void LogWatch::committed(NodeId node, std::uint64_t index, std::uint64_t term) {
  if (lossy_) {
    acknowledged_.emplace(index, term);
    return;
  }
  const auto [known, fresh] = committed_.emplace(index, term);
  if (!fresh && known->second != term) {
    violated(fmt::format(
        "state machine safety: node {} commits entry {} of term {}, another node committed that of {}",
        node.index, index, term, known->second));
  }
}

void LogWatch::dropped_committed(NodeId node, std::uint64_t index) {
  if (lossy_) return;
  violated(fmt::format("durability: node {} drops entry {}, which it held as committed", node.index, index));
}

LogWatch::Losses LogWatch::losses(const std::function<std::uint64_t(std::uint64_t index)>& term_at) const {
  Losses losses;
  for (const auto& [index, term] : acknowledged_) {
    const std::uint64_t there = term_at(index);
    if (there == term || there == ~std::uint64_t{0}) continue;
    ++losses.lost;
    if (!dropped_.contains({index, term})) ++losses.unreported;
  }
  return losses;
}

}  // namespace syslab

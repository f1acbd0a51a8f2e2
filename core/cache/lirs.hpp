// LIRS: keeps what has a short time between uses, whatever the time since the last one.
//
// Most of the room belongs to LIR entries, whose last two uses were close together; the rest, 1 %, is a short
// FIFO through which all others (HIR) pass. A stack of recent uses, which also remembers HIR keys that have
// left, finds out who deserves to be LIR. So a scan passes through 1 % of the cache, and a loop longer than
// the cache still hits. Follows libCacheSim in its limits: 1 % for HIR, at most twice the capacity in the
// stack. Hit counts are within 0.0001 of its ratio (tests/cache/hit_counts_test.cpp). Cost: O(1) a call,
// amortised over pruning; 50 to 100 bytes an entry or a remembered key beside what every cache needs. Paper:
// Jiang & Zhang, "LIRS: an efficient low inter-reference recency set replacement policy to improve buffer
// cache performance", SIGMETRICS 2002.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/base/probe_table.hpp"
#include "core/cache/cache.hpp"
#include "core/cache/segments.hpp"

namespace syslab {

struct LirsOptions {
  double hir = 0.01;  // of the capacity, at least 1
};

// A node is a key that is cached or remembered. It may be in the stack S, and in one queue:
//
//   LIR                  in S, in no queue
//   HIR and cached       in the queue of the cached, perhaps in S
//   HIR and remembered   in S, and in the queue of the remembered
//
// The bottom of S is LIR: pruning takes away what is below the lowest LIR node.
class Lirs {
 public:
  static constexpr std::string_view kName = "lirs";

  Lirs(CacheCapacity capacity, const LirsOptions& options);

  void resize(std::size_t slots) { node_of_.resize(slots); }
  void on_insert(Slot slot, const Entrant& entrant);
  void on_hit(Slot slot);
  Slot victim(const Entrant& entrant);
  void on_remove(Slot slot, Leaving why);
  void clear();
  void prefetch(Slot slot) const { __builtin_prefetch(node_of_.data() + slot); }
  template <class Visit>
  void for_each(Visit&& visit) const {  // LIR ones by recency, then the queue
    stack_.for_each(kStack, [&](Slot node) {
      if (nodes_[node].is_lir) visit(nodes_[node].slot);
    });
    queues_.for_each(kCached, [&](Slot node) { visit(nodes_[node].slot); });
  }
  // Invariant: the drawing above; the bottom of S is LIR; LIR entries keep to their share.
  void check_invariants() const;

 private:
  using NodeId = Slot;  // nodes are numbered like slots, so that SlotLists can link them
  struct Node {
    std::uint64_t identity = 0;
    std::uint64_t weight = 0;
    Slot slot = kNoSlot;  // none: remembered only
    bool is_lir = false;
    bool in_stack = false;
  };
  static constexpr SlotLists::List kStack = 0, kCached = 0, kRemembered = 1;

  NodeId find_remembered(std::uint64_t identity) const;
  NodeId new_node(Slot slot, const Entrant& entrant);
  void forget(NodeId node);
  void to_top(NodeId node);
  void out_of_stack(NodeId node);
  void make_lir(NodeId node);
  void prune();
  void limit_stack();

  std::uint64_t capacity_, lir_limit_;
  std::vector<NodeId> node_of_;  // by slot
  std::vector<Node> nodes_;
  std::vector<NodeId> free_;
  SlotLists stack_, queues_;
  SlotIndex remembered_;
  std::uint64_t lir_weight_ = 0, stack_weight_ = 0;
  bool met_ = false;
  NodeId returned_ = kNoSlot;  // the node of the newcomer, where it is remembered
};

// Requires: capacity.amount >= 1; 0 <= hir <= 1.
std::unique_ptr<Cache> make_lirs(CacheCapacity capacity, const LirsOptions& options = {});

}  // namespace syslab

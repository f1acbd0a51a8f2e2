#include "core/cache/lirs.hpp"

namespace syslab {

Lirs::Lirs(CacheCapacity capacity, const LirsOptions& options)
    : capacity_(capacity.amount),
      lir_limit_(capacity.amount - std::max<std::uint64_t>(share_of(capacity.amount, options.hir), 1)) {
  clear();
}

void Lirs::clear() {
  nodes_.assign(kFirstSlot, {});
  free_.clear();
  stack_.clear();
  queues_.clear();
  remembered_.clear();
  lir_weight_ = stack_weight_ = 0;
  met_ = false;
  returned_ = kNoSlot;
}

Lirs::NodeId Lirs::find_remembered(std::uint64_t identity) const {
  return remembered_.find(fold_hash(identity), [&](NodeId n) { return nodes_[n].identity == identity; });
}

Lirs::NodeId Lirs::new_node(Slot slot, const Entrant& entrant) {
  NodeId node;
  if (!free_.empty()) {
    node = free_.back();
    free_.pop_back();
  } else {
    node = static_cast<NodeId>(nodes_.size());
    nodes_.emplace_back();
    stack_.resize(nodes_.size());
    queues_.resize(nodes_.size());
  }
  nodes_[node] = {entrant.identity, entrant.weight, slot, false, false};
  return node;
}

// Of a remembered one, everything.
void Lirs::forget(NodeId node) {
  remembered_.erase(fold_hash(nodes_[node].identity), node);
  queues_.unlink(node);
  out_of_stack(node);
  free_.push_back(node);
}

void Lirs::to_top(NodeId node) {
  if (nodes_[node].in_stack) {
    stack_.unlink(node);
  } else {
    nodes_[node].in_stack = true;
    stack_weight_ += nodes_[node].weight;
  }
  stack_.push_front(kStack, node);
}

void Lirs::out_of_stack(NodeId node) {
  if (!nodes_[node].in_stack) return;
  nodes_[node].in_stack = false;
  stack_weight_ -= nodes_[node].weight;
  stack_.unlink(node);
}

// Takes the place of those at the bottom, as far as there is no room for all. Requires: it is on top of the
// stack and in no queue.
void Lirs::make_lir(NodeId node) {
  nodes_[node].is_lir = true;
  lir_weight_ += nodes_[node].weight;
  while (lir_weight_ > lir_limit_) {
    const NodeId bottom = stack_.back(kStack);
    nodes_[bottom].is_lir = false;
    lir_weight_ -= nodes_[bottom].weight;
    queues_.push_front(kCached, bottom);
    prune();
  }
}

void Lirs::prune() {
  for (NodeId node = stack_.back(kStack); node != kStack && !nodes_[node].is_lir;
       node = stack_.back(kStack)) {
    if (nodes_[node].slot == kNoSlot) {
      if (node == returned_) returned_ = kNoSlot;
      forget(node);
    } else {
      out_of_stack(node);
    }
  }
}

void Lirs::limit_stack() {
  while (stack_weight_ > capacity_ && stack_weight_ - capacity_ > capacity_ && !queues_.empty(kRemembered)) {
    forget(queues_.back(kRemembered));
  }
}

void Lirs::on_hit(Slot slot) {
  const NodeId node = node_of_[slot];
  const bool was_recent = nodes_[node].in_stack;
  to_top(node);
  if (nodes_[node].is_lir) {
    prune();
    return;
  }
  queues_.unlink(node);
  if (was_recent) {
    make_lir(node);
  } else {
    queues_.push_front(kCached, node);
    prune();  // there may be no LIR entry at all
  }
  limit_stack();
}

Slot Lirs::victim(const Entrant& entrant) {
  if (!met_) {
    met_ = true;
    returned_ = find_remembered(entrant.identity);
  }
  if (!queues_.empty(kCached)) return nodes_[queues_.back(kCached)].slot;
  return nodes_[stack_.back(kStack)].slot;
}

void Lirs::on_remove(Slot slot, Leaving why) {
  const NodeId node = node_of_[slot];
  if (nodes_[node].is_lir) {
    lir_weight_ -= nodes_[node].weight;
    nodes_[node].is_lir = false;
    out_of_stack(node);
    free_.push_back(node);
    prune();
    return;
  }
  queues_.unlink(node);
  // Two keys may have one identity; one of them is enough to remember.
  if (why == Leaving::evicted && nodes_[node].in_stack && find_remembered(nodes_[node].identity) == kNoSlot) {
    nodes_[node].slot = kNoSlot;
    queues_.push_front(kRemembered, node);
    remembered_.insert(fold_hash(nodes_[node].identity), node);
  } else {
    out_of_stack(node);
    free_.push_back(node);
  }
}

void Lirs::on_insert(Slot slot, const Entrant& entrant) {
  const NodeId returned = met_ ? returned_ : find_remembered(entrant.identity);
  met_ = false;
  returned_ = kNoSlot;
  NodeId node = returned;
  if (returned != kNoSlot) {
    remembered_.erase(fold_hash(entrant.identity), node);
    queues_.unlink(node);
    out_of_stack(node);  // its weight may have changed
    nodes_[node].weight = entrant.weight;
    nodes_[node].slot = slot;
  } else {
    node = new_node(slot, entrant);
  }
  node_of_[slot] = node;
  to_top(node);
  const bool room = entrant.weight <= lir_limit_ && lir_weight_ <= lir_limit_ - entrant.weight;
  if (returned != kNoSlot || room) {
    make_lir(node);
  } else {
    queues_.push_front(kCached, node);
    prune();
  }
  limit_stack();
}

void Lirs::check_invariants() const {
  stack_.check_invariants(kStack);
  queues_.check_invariants(kCached);
  queues_.check_invariants(kRemembered);
  std::uint64_t lir = 0, stack = 0;
  std::size_t in_stack = 0, remembered = 0;
  stack_.for_each(kStack, [&](NodeId node) {
    SYSLAB_ASSERT(nodes_[node].in_stack);
    stack += nodes_[node].weight;
    if (nodes_[node].is_lir) lir += nodes_[node].weight;
    ++in_stack;
  });
  SYSLAB_ASSERT(lir == lir_weight_ && stack == stack_weight_);
  SYSLAB_ASSERT(lir <= lir_limit_);
  SYSLAB_ASSERT(in_stack == 0 || nodes_[stack_.back(kStack)].is_lir);
  queues_.for_each(kCached, [&](NodeId node) {
    SYSLAB_ASSERT(!nodes_[node].is_lir && node_of_[nodes_[node].slot] == node);
  });
  queues_.for_each(kRemembered, [&](NodeId node) {
    SYSLAB_ASSERT(nodes_[node].slot == kNoSlot && nodes_[node].in_stack && !nodes_[node].is_lir);
    SYSLAB_ASSERT(find_remembered(nodes_[node].identity) == node);
    ++remembered;
  });
  SYSLAB_ASSERT(remembered == remembered_.size());
}

static_assert(EvictionPolicy<Lirs>);
template class BasicCache<Lirs>;

std::unique_ptr<Cache> make_lirs(CacheCapacity capacity, const LirsOptions& options) {
  SYSLAB_ASSERT(options.hir >= 0 && options.hir <= 1);
  return std::make_unique<BasicCache<Lirs>>(capacity, Lirs(capacity, options));
}

}  // namespace syslab

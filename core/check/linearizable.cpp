#include "core/check/linearizable.hpp"

#include <algorithm>
#include <bit>
#include <memory>
#include <unordered_map>

#include "core/base/assert.hpp"
#include "core/base/rng.hpp"

// The search walks over the completions of one key in the order of time, carrying a configuration: which of
// the operations under way have already taken effect, and the state they led to.
//
//   process 0  |--write 1--|                      return 0: write 1 must have taken effect by now
//   process 1       |------read 2-----|           return 1: read 2 must have
//   process 2          |--write 2--...            never returns: may take effect at any time, or never
//
// At a completion whose operation has not taken effect, it takes effect now, or other operations under way do
// so first (Lowe's just-in-time linearization: nothing happens before a completion forces it). If no choice
// works, back to the last one. A configuration that was met before is not tried again. When all choices fail,
// the furthest completion reached is the first that nothing explains: a configuration gets past a completion
// exactly if the prefix up to it is linearizable.
//
// What keeps the tree small beyond Lowe's memory, with the reason why no answer is lost:
//   - An operation that only observes takes effect as soon as the state allows: it changes nothing, so doing
//   it early
//     never hurts. It is no choice.
//   - Of operations under way that act alike, the one that must return first takes effect first; those that
//   never
//     return come last. Exchanging the two in an explanation gives another explanation.
//   - A write that is overwritten at once is no choice either: when a write takes effect, all others under
//   way may have
//     done so just before. They become optional: free to take effect visibly until their completion, or else
//     hidden. Hence such a write takes effect visibly only if somebody notices before the next one; else the
//     explanation is as good, and leaves more open, without it.
// Actions and states are small integers, the transitions a table filled on demand; operations of unknown
// outcome that act alike are a counter, not a bit each.

namespace syslab {
namespace {

using OpId = History::OpId;
constexpr std::uint32_t kNone = UINT32_MAX;
constexpr std::uint32_t kHide = UINT32_MAX - 1;

struct HashValue {
  std::size_t operator()(const Value& value) const { return value.hash(); }
};

struct HashAction {
  std::size_t operator()(const Action& action) const { return action.b.hash(action.a.hash(action.verb)); }
};

// The model with its states and actions as integers. Filled from the model once for each pair that is met.
class Machine {
 public:
  static constexpr std::int32_t kRefused = -1;

  explicit Machine(const Model& model) : model_(model) { intern(model.initial()); }

  // Requires: no transition was asked for yet.
  std::uint32_t class_of(const Action& action) {
    const auto [it, added] = classes_.try_emplace(action, static_cast<std::uint32_t>(actions_.size()));
    if (added) actions_.push_back(&it->first);
    return it->second;
  }
  const Action& action(std::uint32_t cls) const { return *actions_[cls]; }
  const Value& state(std::uint32_t id) const { return *states_[id]; }
  std::size_t state_count() const { return states_.size(); }

  std::int32_t next(std::uint32_t state, std::uint32_t cls) {
    const std::int32_t known = table_.empty() ? kUnfilled : table_[state * actions_.size() + cls];
    return known != kUnfilled ? known : fill(state, cls);
  }
  std::size_t size_bytes() const { return bytes_ + table_.size() * sizeof(table_[0]); }

 private:
  static constexpr std::int32_t kUnfilled = -2;

  std::uint32_t intern(const Value& state) {
    const auto [it, added] = ids_.try_emplace(state, static_cast<std::uint32_t>(states_.size()));
    if (added) {
      states_.push_back(&it->first);
      bytes_ += state.size_bytes() + 64;
      if (!table_.empty()) table_.resize(states_.size() * actions_.size(), kUnfilled);
    }
    return it->second;
  }

  std::int32_t fill(std::uint32_t state, std::uint32_t cls) {
    if (table_.empty()) table_.resize(states_.size() * actions_.size(), kUnfilled);
    const auto stepped = model_.step(*states_[state], *actions_[cls]);
    const std::int32_t next = stepped ? static_cast<std::int32_t>(intern(*stepped)) : kRefused;
    table_[state * actions_.size() + cls] = next;
    return next;
  }

  const Model& model_;
  std::unordered_map<Value, std::uint32_t, HashValue>
      ids_;  // only looked up, never iterated; nodes stay in place
  std::unordered_map<Action, std::uint32_t, HashAction> classes_;
  std::vector<const Value*> states_;
  std::vector<const Action*> actions_;
  std::vector<std::int32_t> table_;  // state * number of classes + class
  std::size_t bytes_ = 0;
};

// One operation of the key in question. Positions are indices of events.
struct Item {
  OpId op = 0;
  std::uint32_t cls = kNone;       // kNone: it did nothing and says nothing
  std::uint32_t open_cls = kNone;  // the same if it had no answer
  std::size_t invoked = 0;
  std::size_t returned = History::kNever;
  bool free = false;  // relaxed: may take effect at any time until it returned, any number of times or never
};

struct Budget {
  std::uint64_t steps;
  std::size_t memory_bytes;
  const std::function<bool()>* give_up = nullptr;

  explicit Budget(const LinearizableOptions& options)
      : steps(options.steps_max), memory_bytes(options.memory_bytes_max), give_up(&options.give_up) {}
};

struct Found {
  Outcome outcome = Outcome::unknown;
  std::uint64_t steps = 0;
  std::vector<std::uint32_t> order;   // ok: indices of items
  std::uint32_t offender = kNone;     // violated: index of an item
  std::vector<std::uint32_t> states;  // violated: the states that were possible when the offender returned
};

// The set of configurations met, by open addressing. A configuration is 1 + words integers; no element has
// the first one equal to kEmpty.
class Seen {
 public:
  explicit Seen(std::size_t words) : stride_(words + 1), slots_(stride_ * kInitial, kEmpty) {}

  // True when it was not there.
  bool insert(std::uint64_t head, const std::uint64_t* mask) {
    if ((count_ + 1) * 8 > capacity() * 5) grow();
    std::uint64_t* slot = find(head, mask);
    if (*slot != kEmpty) return false;
    slot[0] = head;
    std::copy_n(mask, stride_ - 1, slot + 1);
    ++count_;
    return true;
  }
  std::size_t size_bytes() const { return slots_.size() * sizeof(slots_[0]); }

 private:
  static constexpr std::uint64_t kEmpty = ~0ull;
  static constexpr std::size_t kInitial = 256;

  std::size_t capacity() const { return slots_.size() / stride_; }

  std::uint64_t* find(std::uint64_t head, const std::uint64_t* mask) {
    std::uint64_t h = head * 0x9E3779B97F4A7C15ull;
    for (std::size_t i = 0; i + 1 < stride_; ++i) h = (std::rotl(h, 29) ^ mask[i]) * 0xBF58476D1CE4E5B9ull;
    h ^= h >> 32;
    const std::size_t last = capacity() - 1;
    for (std::size_t at = h & last;; at = (at + 1) & last) {
      std::uint64_t* slot = &slots_[at * stride_];
      if (*slot == kEmpty || (*slot == head && std::equal(mask, mask + stride_ - 1, slot + 1))) return slot;
    }
  }

  void grow() {
    std::vector<std::uint64_t> old(slots_.size() * 2, kEmpty);
    old.swap(slots_);
    for (std::size_t at = 0; at < old.size(); at += stride_) {
      if (old[at] != kEmpty) std::copy_n(&old[at], stride_, find(old[at], &old[at + 1]));
    }
  }

  std::size_t stride_;
  std::size_t count_ = 0;
  std::vector<std::uint64_t> slots_;
};

class Search {
 public:
  Search(Machine& machine, const std::vector<Item>& items, Budget budget)
      : machine_(machine), items_(items), budget_(budget) {
    lay_out_completions();
    lay_out_pending();
  }

  Found run() {
    switch (words_) {
      case 1:
        return run_with<1>();
      case 2:
        return run_with<2>();
      default:
        return run_with<0>();
    }
  }

 private:
  // A completed operation. Completions are numbered by their order in time.
  struct Completion {
    std::uint32_t item;
    std::uint32_t cls;
    std::uint32_t slot;  // its two bits while it is under way: it is optional; it took effect visibly
    bool observes;
    bool blind;
  };

  // The operations of unknown outcome that act alike, earliest invocation first.
  struct Pending {
    std::uint32_t cls;
    bool blind;
    bool free;  // no counter: any number of times, up to the completion `until`
    std::uint32_t until;
    std::vector<std::uint32_t> from;  // the first completion at which each is under way
    std::vector<std::uint32_t> items;
    std::uint32_t word = 0, shift = 0;  // where the number of those that took effect is kept
    std::uint64_t limit = 0;            // the bits of that number
  };

  struct Frame {
    std::uint32_t at;  // the next completion
    std::uint32_t state;
    std::uint32_t parent;  // frame
    std::uint32_t
        took;  // what took effect to get here: a completion, or completions_.size() + a Pending, or kHide
    std::uint8_t phase;
    bool unnoticed;  // a write took effect, before its completion forced it, and nothing has observed it yet
  };

  void lay_out_completions() {
    std::vector<std::uint32_t> by_return;
    for (std::uint32_t i = 0; i < items_.size(); ++i) {
      const Item& item = items_[i];
      if (item.cls != kNone && item.returned != History::kNever && !item.free) by_return.push_back(i);
    }
    std::sort(by_return.begin(), by_return.end(),
              [&](std::uint32_t a, std::uint32_t b) { return items_[a].returned < items_[b].returned; });
    for (std::uint32_t i : by_return) {
      const Action& action = machine_.action(items_[i].cls);
      completions_.push_back({i, items_[i].cls, 0, action.observes, action.blind});
      returns_.push_back(items_[i].returned);
    }

    std::vector<std::pair<std::uint32_t, std::uint32_t>>
        starts;  // first completion at which it is under way, itself
    for (std::uint32_t c = 0; c < completions_.size(); ++c) {
      starts.emplace_back(first_return_after(items_[completions_[c].item].invoked), c);
    }
    std::sort(starts.begin(), starts.end());
    std::vector<std::uint32_t> open, free_slots;  // open: by completion
    std::size_t next = 0;
    for (std::uint32_t c = 0; c < completions_.size(); ++c) {
      for (; next < starts.size() && starts[next].first == c; ++next) {
        const std::uint32_t started = starts[next].second;
        if (free_slots.empty()) free_slots.push_back(2 * slots_++);
        completions_[started].slot = free_slots.back();
        free_slots.pop_back();
        open.insert(std::lower_bound(open.begin(), open.end(), started), started);
      }
      open_begin_.push_back(open_.size());
      open_.insert(open_.end(), open.begin(), open.end());
      SYSLAB_ASSERT(open.front() == c);
      free_slots.push_back(completions_[c].slot);
      open.erase(open.begin());
    }
    open_begin_.push_back(open_.size());
  }

  void lay_out_pending() {
    std::vector<std::uint32_t> by_invocation;
    for (std::uint32_t i = 0; i < items_.size(); ++i) {
      const Item& item = items_[i];
      const bool pending = item.returned == History::kNever || item.free;
      if (pending && item.cls != kNone && !machine_.action(item.cls).observes) by_invocation.push_back(i);
    }
    std::stable_sort(by_invocation.begin(), by_invocation.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return items_[a].invoked < items_[b].invoked; });
    std::unordered_map<std::uint64_t, std::size_t> known;  // only looked up
    for (std::uint32_t i : by_invocation) {
      const Item& item = items_[i];
      const auto [it, added] = known.try_emplace(std::uint64_t{item.cls} << 1 | item.free, pending_.size());
      if (added) pending_.push_back({item.cls, machine_.action(item.cls).blind, item.free, 0, {}, {}});
      Pending& group = pending_[it->second];
      if (group.free) {
        group.until = std::max(group.until, first_return_after(item.returned));
      } else {
        group.from.push_back(first_return_after(item.invoked));
      }
      group.items.push_back(i);
    }
    std::uint32_t bit = 2 * slots_;
    for (Pending& group : pending_) {
      if (group.free) continue;
      const auto width = static_cast<std::uint32_t>(std::bit_width(group.items.size()));
      if (bit / 64 != (bit + width - 1) / 64) bit = (bit / 64 + 1) * 64;
      group.word = bit / 64;
      group.shift = bit % 64;
      group.limit = (1ull << width) - 1;
      bit += width;
    }
    words_ = std::max<std::size_t>(1, (bit + 63) / 64);
    tried_.assign(2 * std::size_t{class_count()}, 0);
  }

  std::uint32_t class_count() const {
    std::uint32_t count = 0;
    for (const Item& item : items_) count = std::max(count, item.cls + 1);  // kNone counts as 0
    return count;
  }

  std::uint32_t first_return_after(std::size_t event) const {
    return static_cast<std::uint32_t>(std::upper_bound(returns_.begin(), returns_.end(), event) -
                                      returns_.begin());
  }

  static bool optional(const std::uint64_t* mask, std::uint32_t slot) {
    return mask[slot / 64] >> (slot % 64) & 1;
  }
  static bool visible(const std::uint64_t* mask, std::uint32_t slot) {
    return mask[slot / 64] >> (slot % 64) & 2;
  }
  static void make_optional(std::uint64_t* mask, std::uint32_t slot) {
    mask[slot / 64] |= 1ull << (slot % 64);
  }
  static void make_visible(std::uint64_t* mask, std::uint32_t slot) {
    mask[slot / 64] |= 3ull << (slot % 64);
  }
  static void clear(std::uint64_t* mask, std::uint32_t slot) { mask[slot / 64] &= ~(3ull << (slot % 64)); }

  // What took effect, in order, as items. A write that was passed hidden belongs just before the one that hid
  // it.
  struct Trail {
    struct Step {
      std::uint32_t item;
      std::vector<std::uint32_t> hidden;
    };
    std::vector<Step> steps;
    std::vector<std::uint32_t> hider;  // by slot: the step that last made the operation there optional
  };

  // Does what is no choice: passes the completions of operations that took effect visibly, and lets those
  // that only observe take effect where the state allows. True when anything was observed.
  bool settle(std::uint32_t& at, std::uint32_t state, std::uint64_t* mask, Trail* trail = nullptr) {
    bool noticed = false;
    for (; at < completions_.size(); ++at) {
      const Completion& c = completions_[at];
      if (visible(mask, c.slot)) {
        clear(mask, c.slot);
      } else if (c.observes && machine_.next(state, c.cls) != Machine::kRefused) {
        noticed = true;
        if (trail != nullptr) trail->steps.push_back({c.item, {}});
      } else {
        break;
      }
    }
    if (at == completions_.size()) return noticed;
    for (std::size_t i = open_begin_[at]; i < open_begin_[at + 1]; ++i) {
      const Completion& c = completions_[open_[i]];
      if (c.observes && !visible(mask, c.slot) && machine_.next(state, c.cls) != Machine::kRefused) {
        make_visible(mask, c.slot);
        noticed = true;
        if (trail != nullptr) trail->steps.push_back({c.item, {}});
      }
    }
    return noticed;
  }

  // Lets `took` take effect. kHide: the next completion is that of an optional operation, which nobody ever
  // sees.
  void take(std::uint32_t took, std::uint32_t& at, std::uint64_t* mask, Trail* trail = nullptr) {
    if (took == kHide) {
      const Completion& c = completions_[at];
      if (trail != nullptr) trail->steps[trail->hider[c.slot]].hidden.push_back(c.item);
      clear(mask, c.slot);
      ++at;
      return;
    }
    const bool completes = took < completions_.size();
    if (trail != nullptr) {
      std::uint32_t item = kNone;
      if (completes) {
        item = completions_[took].item;
      } else {
        const Pending& group = pending_[took - completions_.size()];
        item = group.items[group.free ? 0 : mask[group.word] >> group.shift & group.limit];
      }
      trail->steps.push_back({item, {}});
    }
    if (is_blind(took)) {
      for (std::size_t i = open_begin_[at]; i < open_begin_[at + 1]; ++i) {
        const Completion& c = completions_[open_[i]];
        if (!c.blind || open_[i] == took || visible(mask, c.slot)) continue;
        make_optional(mask, c.slot);
        if (trail != nullptr) trail->hider[c.slot] = static_cast<std::uint32_t>(trail->steps.size() - 1);
      }
    }
    if (took == at) {
      clear(mask, completions_[took].slot);
      ++at;
    } else if (completes) {
      make_visible(mask, completions_[took].slot);
    } else if (const Pending& group = pending_[took - completions_.size()]; !group.free) {
      mask[group.word] += 1ull << group.shift;
    }
  }

  bool is_blind(std::uint32_t took) const {
    return took < completions_.size() ? completions_[took].blind : pending_[took - completions_.size()].blind;
  }

  template <std::size_t W>
  Found run_with() {
    const std::size_t words = W != 0 ? W : words_;
    Seen seen(words);
    std::vector<Frame> frames;
    std::vector<std::uint64_t> masks;  // of each frame, `words` integers
    std::vector<std::uint64_t> mask(words, 0);
    std::vector<std::uint32_t> children;
    std::uint32_t deepest = 0;
    std::uint64_t rounds = 0;
    Found found;

    // Adds the configuration in which `took` takes effect after the frame `parent`. True when everything is
    // explained.
    const auto enter = [&](std::uint32_t parent, std::uint32_t took, std::uint32_t state) {
      std::uint32_t at = 0;
      bool early = false;
      if (parent == kNone) {
        std::fill(mask.begin(), mask.end(), 0);
      } else {
        at = frames[parent].at;
        std::copy_n(&masks[parent * words], words, mask.begin());
        if (took == kHide) {
          early = frames[parent].unnoticed;
        } else {
          early = is_blind(took) && (took != at || optional(mask.data(), completions_[at].slot));
        }
        take(took, at, mask.data());
      }
      const bool noticed = settle(at, state, mask.data());
      const bool done = at == completions_.size();
      const bool unnoticed = early && !noticed;
      if (!done && !seen.insert(std::uint64_t{at} << 33 | std::uint64_t{state} << 1 | unnoticed, mask.data()))
        return false;
      frames.push_back({at, state, parent, took, 0, unnoticed});
      masks.insert(masks.end(), mask.begin(), mask.end());
      if (at > deepest) {
        deepest = at;
        found.states.clear();
      }
      if (at == deepest) found.states.push_back(state);
      // Many frames, few states: what repeats is thrown out from time to time.
      if (found.states.size() > 2 * machine_.state_count() + 64) unique(found.states);
      return done;
    };

    bool done = enter(kNone, kNone, 0);
    while (!done && !frames.empty()) {
      if (++rounds % 4096 == 0 && *budget_.give_up && (*budget_.give_up)()) budget_.steps = 0;
      const std::size_t bytes = seen.size_bytes() + machine_.size_bytes() + masks.size() * sizeof(masks[0]);
      if (found.steps >= budget_.steps || bytes > budget_.memory_bytes) {
        found.outcome = Outcome::unknown;
        return found;
      }
      const auto top = static_cast<std::uint32_t>(frames.size() - 1);
      const Frame frame = frames[top];
      ++frames[top].phase;
      if (frame.phase == 0) {
        const Completion& c = completions_[frame.at];
        ++found.steps;
        if (optional(&masks[top * words], c.slot)) {
          done = enter(top, kHide, frame.state);
          continue;
        }
        if (c.observes || (frame.unnoticed && c.blind)) continue;
        const std::int32_t next = machine_.next(frame.state, c.cls);
        if (next != Machine::kRefused) done = enter(top, frame.at, static_cast<std::uint32_t>(next));
      } else if (frame.phase == 1) {
        choices(frame, &masks[top * words], children);
        found.steps += children.size();
        for (std::size_t i = children.size(); i-- > 0 && !done;) {
          const std::uint32_t took = children[i];
          const std::uint32_t cls =
              took < completions_.size() ? completions_[took].cls : pending_[took - completions_.size()].cls;
          done = enter(top, took, static_cast<std::uint32_t>(machine_.next(frame.state, cls)));
        }
      } else {
        frames.pop_back();
        masks.resize(masks.size() - words);
      }
    }
    if (done) {
      found.outcome = Outcome::ok;
      found.states.clear();
      found.order = explanation(frames, words);
    } else {
      found.outcome = Outcome::violated;
      found.offender = completions_[deepest].item;
      unique(found.states);
    }
    return found;
  }

  // The operations, other than the one whose completion is next, that may take effect in this frame.
  void choices(const Frame& frame, const std::uint64_t* mask, std::vector<std::uint32_t>& out) {
    out.clear();
    ++stamp_;
    for (std::size_t i = open_begin_[frame.at]; i < open_begin_[frame.at + 1]; ++i) {
      const Completion& c = completions_[open_[i]];
      if (c.observes || visible(mask, c.slot)) continue;
      // An optional one and one that must take effect are not exchangeable.
      std::uint64_t& tried = tried_[2 * c.cls + optional(mask, c.slot)];
      if (tried == stamp_) continue;
      tried = stamp_;
      if (frame.unnoticed && c.blind) continue;
      if (open_[i] == frame.at && !optional(mask, c.slot)) continue;  // was the first to be tried
      if (machine_.next(frame.state, c.cls) != Machine::kRefused) out.push_back(open_[i]);
    }
    for (std::size_t p = 0; p < pending_.size(); ++p) {
      const Pending& group = pending_[p];
      // Not for relaxed ones: they expire, so that using them first may be the better choice.
      if (!group.free && (tried_[2 * group.cls] == stamp_ || tried_[2 * group.cls + 1] == stamp_)) continue;
      if (frame.unnoticed && group.blind) continue;
      if (group.free) {
        if (frame.at > group.until) continue;
      } else {
        const std::uint64_t used = mask[group.word] >> group.shift & group.limit;
        if (used == group.from.size() || group.from[used] > frame.at) continue;
      }
      const std::int32_t next = machine_.next(frame.state, group.cls);
      if (next == Machine::kRefused || static_cast<std::uint32_t>(next) == frame.state) continue;
      out.push_back(static_cast<std::uint32_t>(completions_.size() + p));
    }
  }

  // Walks the choices that led to the last frame once more, writing down everything that took effect.
  std::vector<std::uint32_t> explanation(const std::vector<Frame>& frames, std::size_t words) {
    std::vector<std::uint32_t> path;
    for (auto f = static_cast<std::uint32_t>(frames.size() - 1); f != kNone; f = frames[f].parent)
      path.push_back(f);
    std::reverse(path.begin(), path.end());
    Trail trail;
    trail.hider.resize(2 * slots_);
    std::vector<std::uint64_t> mask(words, 0);
    std::uint32_t at = 0;
    for (std::uint32_t f : path) {
      if (frames[f].parent != kNone) take(frames[f].took, at, mask.data(), &trail);
      settle(at, frames[f].state, mask.data(), &trail);
    }
    std::vector<std::uint32_t> order;
    for (const Trail::Step& step : trail.steps) {
      order.insert(order.end(), step.hidden.begin(), step.hidden.end());
      order.push_back(step.item);
    }
    return order;
  }

  static void unique(std::vector<std::uint32_t>& states) {
    std::sort(states.begin(), states.end());
    states.erase(std::unique(states.begin(), states.end()), states.end());
  }

  Machine& machine_;
  const std::vector<Item>& items_;
  Budget budget_;
  std::vector<Completion> completions_;
  std::vector<std::size_t> returns_;  // the event of each completion
  std::vector<std::uint32_t>
      open_;  // for each completion those under way then, itself included, by completion
  std::vector<std::size_t> open_begin_;
  std::vector<Pending> pending_;
  std::uint32_t slots_ = 0;
  std::size_t words_ = 1;
  std::vector<std::uint64_t>
      tried_;  // by class, and whether optional: the stamp of the frame in which it was last offered
  std::uint64_t stamp_ = 0;
};

// Leaves out what a violation does not need.
//
// An operation may be left out if the rest is still violated even when the operation, in case it can change
// anything, may take effect at any time until it returned and any number of times: then no doubt about it
// could excuse the offender. (Simply leaving it out would find "shorter" violations that are none, such as a
// read without its write.) What stays must explain everything but the offender's answer, so that the picture
// shows one puzzle and not two; and that answer too had it been given at another time, if the whole can: the
// stale value's write stays in the picture.
class Shortener {
 public:
  // `items` end with the offender's completion.
  Shortener(Machine& machine, const std::vector<Item>& items, std::uint32_t offender, Budget budget)
      : machine_(machine), items_(items), budget_(budget), out_(items.size(), false), offender_(offender) {
    for (std::uint32_t i = 0; i < items_.size(); ++i) {
      if (items_[i].cls != kNone || i == offender_) prefix_.push_back(i);
    }
  }

  // Requires: called before run(). The explanation of the prefix without the offender's answer; empty if the
  // budget did not reach.
  std::vector<std::uint32_t> explain_prefix() {
    std::vector<std::uint32_t> order;
    for (std::uint32_t i : solve(with_offender({items_[offender_].invoked, History::kNever})).order) {
      order.push_back(prefix_[i]);
    }
    return order;
  }

  // The items that stay, by invocation. The oldest go first, since what is near the offender tells most.
  std::vector<std::uint32_t> run() {
    std::vector<std::uint32_t> stay;
    for (std::uint32_t i : prefix_) {
      if (i != offender_) stay.push_back(i);
    }
    late_ = solve(with_offender({0, items_[offender_].returned})).outcome == Outcome::ok;
    for (std::size_t chunk = std::max<std::size_t>(1, stay.size() / 2);;) {
      bool progress = false;
      for (std::size_t at = 0; at < stay.size() && budget_.steps > 0;) {
        const std::size_t end = std::min(at + chunk, stay.size());
        for (std::size_t i = at; i < end; ++i) out_[stay[i]] = true;
        if (holds()) {
          stay.erase(stay.begin() + static_cast<std::ptrdiff_t>(at),
                     stay.begin() + static_cast<std::ptrdiff_t>(end));
          progress = true;
        } else {
          for (std::size_t i = at; i < end; ++i) out_[stay[i]] = false;
          at = end;
        }
      }
      if (stay.empty() || budget_.steps == 0 || (chunk == 1 && !progress)) break;
      chunk = std::max<std::size_t>(1, chunk / 2);
    }
    stay.push_back(offender_);
    std::sort(stay.begin(), stay.end());
    return stay;
  }

 private:
  struct Span {
    std::size_t invoked, returned;
  };

  // What is not left out, the offender at another time.
  std::vector<Item> with_offender(Span span) const {
    std::vector<Item> items;
    for (std::uint32_t i : prefix_) {
      if (out_[i]) continue;
      items.push_back(items_[i]);
      if (i == offender_) {
        items.back().invoked = span.invoked;
        items.back().returned = span.returned;
        if (span.returned == History::kNever) items.back().cls = items_[i].open_cls;
      }
    }
    return items;
  }

  // Whether what is not left out makes a picture as described above.
  bool holds() {
    const Item& offender = items_[offender_];
    if (solve(with_offender({offender.invoked, History::kNever})).outcome != Outcome::ok) return false;
    if (late_ && solve(with_offender({0, offender.returned})).outcome != Outcome::ok) return false;
    std::vector<Item> relaxed;
    for (std::uint32_t i : prefix_) {
      if (out_[i] && machine_.action(items_[i].cls).observes) continue;
      relaxed.push_back(items_[i]);
      relaxed.back().free = out_[i];
    }
    return solve(relaxed).outcome == Outcome::violated;
  }

  Found solve(const std::vector<Item>& items) {
    Found found = Search(machine_, items, budget_).run();
    // Every attempt costs something, so that a long history with easy attempts ends too.
    budget_.steps -= std::min<std::uint64_t>(budget_.steps, found.steps + items.size());
    return found;
  }

  Machine& machine_;
  std::vector<Item> items_;
  Budget budget_;
  std::vector<bool> out_;
  std::vector<std::uint32_t> prefix_;
  std::uint32_t offender_;
  bool late_ = false;  // the answer was right at some time
};

// --- Words and pictures
// ------------------------------------------------------------------------------------------------

std::string show(const Value& value) {
  return value.is_nil() ? "nil" : value.json();
}

std::string seconds(Instant t) {
  // Six decimals, without the zeros at the end.
  std::string text = std::to_string(to_seconds(t));
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text + " s";
}

std::string when(const Event& invocation, const Event* completion) {
  if (invocation.line != 0) {
    return completion == nullptr
               ? "line " + std::to_string(invocation.line)
               : "lines " + std::to_string(invocation.line) + " and " + std::to_string(completion->line);
  }
  if (!invocation.time) return "";
  if (completion == nullptr || !completion->time) return "from " + seconds(*invocation.time);
  return "from " + seconds(*invocation.time) + " to " + seconds(*completion->time);
}

std::string values_in_words(const Machine& machine, const std::vector<std::uint32_t>& states) {
  constexpr std::size_t kShown = 6;
  std::vector<Value> values;
  for (std::uint32_t s : states) values.push_back(machine.state(s));
  std::sort(values.begin(), values.end());
  std::string text;
  for (std::size_t i = 0; i < std::min(values.size(), kShown); ++i) {
    if (i > 0) text += i + 1 == values.size() ? " or " : ", ";
    const std::string one = show(values[i]);
    text += one.size() > 60 ? one.substr(0, 57) + "..." : one;
  }
  if (values.size() > kShown) text += " or one of " + std::to_string(values.size() - kShown) + " others";
  return text;
}

std::string on_key(const Value& key) {
  return key.is_nil() ? "" : " on key " + show(key);
}

// The sub-history as lines and bars: one row an operation, one column pair an event.
std::string draw(const History& history, const Model& model, OpId offender) {
  constexpr std::size_t kRows = 40, kColumns = 100;
  std::vector<std::string> labels;
  std::size_t widest = 0;
  const std::size_t rows = std::min(history.ops().size(), kRows);
  for (OpId op = 0; op < rows; ++op) {
    const Event& start = history.invocation(op);
    labels.push_back("process " + std::to_string(start.process) + "  " +
                     model.describe(start, history.completion(op)));
    if (labels.back().size() > 60) labels.back() = labels.back().substr(0, 57) + "...";
    widest = std::max(widest, labels.back().size());
  }
  const std::size_t step = std::clamp<std::size_t>(kColumns / std::max<std::size_t>(1, history.size()), 1, 3);
  std::string picture;
  for (OpId op = 0; op < rows; ++op) {
    const History::Op& span = history.ops()[op];
    const bool answered =
        span.completion != History::kNever && history.events()[span.completion].type != Event::Type::info;
    const std::size_t begin = span.invoke * step, end = (answered ? span.completion : history.size()) * step;
    std::string bar =
        std::string(begin, ' ') + "|" + std::string(end - begin - 1, '-') + (answered ? "|" : "...");
    if (bar.size() > kColumns + 8) bar = bar.substr(0, kColumns) + "...";
    picture += "  " + labels[op] + std::string(widest - labels[op].size() + 2, ' ') + bar +
               (op == offender ? "  <- cannot be explained" : "") + "\n";
  }
  if (history.ops().size() > rows)
    picture += "  and " + std::to_string(history.ops().size() - rows) + " more\n";
  return picture;
}

struct Partition {
  Value key;
  std::vector<Item> items;
  // Of each item: with its answer, and had it none.
  std::vector<std::pair<std::optional<Action>, std::optional<Action>>> actions;
};

// The part of a history made of these operations, up to and with the event `last`.
History part_of(const History& history, const std::vector<OpId>& ops, std::size_t last) {
  std::vector<std::size_t> events;
  for (OpId op : ops) {
    events.push_back(history.ops()[op].invoke);
    const std::size_t completion = history.ops()[op].completion;
    if (completion != History::kNever && completion <= last) events.push_back(completion);
  }
  std::sort(events.begin(), events.end());
  History part;
  for (std::size_t e : events) {
    const bool added = part.append(history.events()[e]).ok();
    SYSLAB_ASSERT(added);
  }
  return part;
}

std::string plural(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

// The items of the history's first `events` events: who completes later is still without an answer.
std::vector<Item> prefix_of(const std::vector<Item>& items, std::size_t events) {
  std::vector<Item> prefix;
  for (Item item : items) {
    if (item.invoked >= events) continue;
    if (item.returned != History::kNever && item.returned >= events) {
      item.returned = History::kNever;
      item.cls = item.open_cls;
    }
    prefix.push_back(item);
  }
  return prefix;
}

// The first completion after which there is no explanation. The search over the whole history may stop
// earlier than that, because it knows how operations end that were still under way: that a compare-and-set
// was to fail, say.
std::size_t first_inexplicable(Machine& machine, const std::vector<Item>& items, std::size_t earliest,
                               Budget budget) {
  std::vector<std::size_t> completions;
  for (const Item& item : items) {
    if (item.returned != History::kNever && item.returned >= earliest) completions.push_back(item.returned);
  }
  std::sort(completions.begin(), completions.end());
  const auto explicable = [&](std::size_t completion) {
    const std::vector<Item> prefix = prefix_of(items, completion + 1);
    return Search(machine, prefix, budget).run().outcome != Outcome::violated;
  };
  if (!explicable(earliest)) return earliest;
  // After the last completion there is none: that is what the search found.
  return *std::partition_point(completions.begin(), completions.end() - 1, explicable);
}

// Fills in everything about a violation of one key.
void report_violation(Verdict& verdict, const History& history, const Model& model, Machine& machine,
                      const Partition& partition, std::size_t earliest, const LinearizableOptions& options) {
  const Budget budget(options);
  const std::size_t last = first_inexplicable(machine, partition.items, earliest, budget);
  const std::vector<Item> items = prefix_of(partition.items, last + 1);
  const auto offender = static_cast<std::uint32_t>(
      std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.returned == last; }) -
      items.begin());
  const OpId op = items[offender].op;
  verdict.outcome = Outcome::violated;
  verdict.key = partition.key;
  verdict.offender = op;
  verdict.prefix_events = last;
  verdict.order.clear();

  Shortener shortener(machine, items, offender, budget);
  for (std::uint32_t i : shortener.explain_prefix()) verdict.order.push_back(items[i].op);
  std::vector<OpId> shown;
  if (options.shorten) {
    for (std::uint32_t i : shortener.run()) shown.push_back(items[i].op);
  } else {
    for (const Item& item : items) shown.push_back(item.op);
  }
  verdict.history = part_of(history, shown, last);
  verdict.picture = draw(verdict.history, model,
                         static_cast<OpId>(std::find(shown.begin(), shown.end(), op) - shown.begin()));

  const Event& start = history.invocation(op);
  const Event* answer = history.completion(op);
  const std::string place = when(start, answer);
  verdict.message = "process " + std::to_string(start.process) + ": " + model.describe(start, answer) +
                    on_key(partition.key) + (place.empty() ? "" : " (" + place + ")") +
                    ": no order of the operations explains this answer";
  const Found found = Search(machine, items, budget).run();
  if (found.outcome == Outcome::violated && found.offender == offender) {
    verdict.message +=
        (found.states.size() == 1 ? "; the value was then " : "; the value could then only be ") +
        values_in_words(machine, found.states);
  }
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  constexpr std::string_view kNames[] = {"ok", "violated", "unknown"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::string to_text(const Verdict& verdict) {
  std::string text = std::string(to_string(verdict.outcome)) + ": " + verdict.message;
  if (verdict.outcome != Outcome::violated) return text;
  text += "\nthe shortest failing part, " + std::to_string(verdict.history.ops().size()) + " of " +
          std::to_string(verdict.operations) + " operations:\n" + verdict.picture;
  text.pop_back();
  return text;
}

Expected<Verdict> check_linearizable(const History& history, const Model& model,
                                     const LinearizableOptions& options) {
  std::vector<Partition> partitions;
  std::unordered_map<Value, std::size_t, HashValue> known;  // only looked up
  for (OpId op = 0; op < history.ops().size(); ++op) {
    const Event& start = history.invocation(op);
    const Event* end = history.completion(op);
    auto action = model.action(start, end);
    if (!action) {
      Error error = action.error();
      const std::string place = when(start, nullptr);
      error.message =
          (place.empty() ? "process " + std::to_string(start.process) : place) + ": " + error.message;
      return error;
    }
    const auto [it, added] = known.try_emplace(start.key, partitions.size());
    if (added) partitions.push_back({start.key, {}, {}});
    Partition& partition = partitions[it->second];
    const History::Op& span = history.ops()[op];
    const bool answered = end != nullptr && end->type != Event::Type::info;
    partition.items.push_back({op, kNone, kNone, span.invoke, answered ? span.completion : History::kNever});
    // Without an answer the arguments are the same, so that this cannot fail where the above did not.
    partition.actions.push_back({std::move(*action), *model.action(start, nullptr)});
  }

  Verdict verdict;
  verdict.operations = history.ops().size();
  verdict.keys = partitions.size();
  std::optional<std::size_t> unknown, violated;
  std::size_t earliest = 0;  // event of the violation found first in time
  std::unique_ptr<Machine> worst_machine;
  for (std::size_t p = 0; p < partitions.size(); ++p) {
    Partition& partition = partitions[p];
    auto machine = std::make_unique<Machine>(model);
    for (std::size_t i = 0; i < partition.items.size(); ++i) {
      const auto& [action, open] = partition.actions[i];
      if (action) partition.items[i].cls = machine->class_of(*action);
      if (open) partition.items[i].open_cls = machine->class_of(*open);
    }
    Found found = Search(*machine, partition.items, Budget(options)).run();
    verdict.steps += found.steps;
    if (found.outcome == Outcome::ok) {
      for (std::uint32_t i : found.order) verdict.order.push_back(partition.items[i].op);
    } else if (found.outcome == Outcome::unknown) {
      if (!unknown) unknown = p;
    } else if (const std::size_t returned = partition.items[found.offender].returned;
               !violated || returned < earliest) {
      violated = p;
      earliest = returned;
      worst_machine = std::move(machine);
    }
  }

  if (violated) {
    report_violation(verdict, history, model, *worst_machine, partitions[*violated], earliest, options);
  } else if (unknown) {
    verdict.outcome = Outcome::unknown;
    verdict.key = partitions[*unknown].key;
    verdict.order.clear();
    verdict.message = "gave up after " + std::to_string(verdict.steps) + " steps" + on_key(verdict.key) +
                      ": too many operations overlap";
  } else {
    std::size_t open = 0;
    for (OpId op = 0; op < history.ops().size(); ++op) {
      const Event* end = history.completion(op);
      if (end == nullptr || end->type == Event::Type::info) ++open;
    }
    verdict.message = plural(verdict.operations, "operation", "operations") + " on " +
                      plural(verdict.keys, "key", "keys") + ", " + std::to_string(open) +
                      " of unknown outcome: an order that explains every answer exists";
  }
  return verdict;
}

}  // namespace syslab

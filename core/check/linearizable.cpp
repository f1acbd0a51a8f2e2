#include "core/check/linearizable.hpp"

#include <algorithm>
#include <bit>
#include <memory>
#include <unordered_map>

#include "core/base/assert.hpp"
#include "core/check/judgement.hpp"
#include "core/check/machine.hpp"
#include "core/check/parallel.hpp"

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

  explicit Budget(const LinearizableOptions& options) : Budget(options, options.give_up) {}
  Budget(const LinearizableOptions& options, const std::function<bool()>& give_up)
      : steps(options.steps_max), memory_bytes(options.memory_bytes_max), give_up(&give_up) {}
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
  Seen(std::size_t words, std::size_t expected)
      : stride_(words + 1),
        slots_(stride_ * std::bit_ceil(std::clamp<std::size_t>(2 * expected, kInitial, kInitialMax)),
               kEmpty) {}

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
  static constexpr std::size_t kInitial = 64, kInitialMax = 4096;

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
  // With `ahead`, branches are left in which a later answer has become impossible. That finds the same
  // outcome, but not the states that were possible at the offender, nor always the offender itself: see
  // first_inexplicable().
  Search(Machine& machine, const std::vector<Item>& items, Budget budget, bool ahead = true)
      : machine_(machine), items_(items), budget_(budget), ahead_(ahead && machine.grows()) {
    lay_out_completions();
    if (ahead_) lay_out_observations();
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
    std::vector<std::pair<std::size_t, std::uint32_t>> by_return;
    by_return.reserve(items_.size());
    std::size_t last = 0;
    for (std::uint32_t i = 0; i < items_.size(); ++i) {
      const Item& item = items_[i];
      if (item.cls == kNone || item.returned == History::kNever || item.free) continue;
      by_return.emplace_back(item.returned, i);
      last = std::max(last, item.returned);
    }
    if (last <
        8 * by_return.size()) {  // events are numbered densely: each finds its place without comparisons
      std::vector<std::uint32_t> at_event(last + 1, kNone);
      for (const auto& [returned, i] : by_return) at_event[returned] = i;
      by_return.clear();
      for (std::size_t e = 0; e <= last; ++e) {
        if (at_event[e] != kNone) by_return.emplace_back(e, at_event[e]);
      }
    } else {
      std::sort(by_return.begin(), by_return.end());
    }
    completions_.reserve(by_return.size());
    returns_.reserve(by_return.size());
    for (const auto& [returned, i] : by_return) {
      const Action& action = machine_.action(items_[i].cls);
      completions_.push_back({i, items_[i].cls, 0, action.observes, action.blind});
      returns_.push_back(returned);
    }

    // The completions by the first at which they are under way: begin[f] and on in `starts`.
    const auto count = static_cast<std::uint32_t>(completions_.size());
    first_.resize(count);
    std::vector<std::uint32_t> begin(count + 2, 0), starts(count);
    for (std::uint32_t c = 0; c < count; ++c) {
      // Not long before it returns, usually: looked for from there.
      const std::size_t invoked = items_[completions_[c].item].invoked;
      std::uint32_t first = c;
      for (std::uint32_t near = 0; first > 0 && returns_[first - 1] > invoked; --first) {
        if (++near <= 8) continue;
        first = first_return_after(invoked);
        break;
      }
      first_[c] = first;
      ++begin[first + 2];
    }
    for (std::uint32_t f = 0; f < count; ++f) begin[f + 2] += begin[f + 1];
    for (std::uint32_t c = 0; c < count; ++c) starts[begin[first_[c] + 1]++] = c;
    std::vector<std::uint32_t> open, free_slots;  // open: by completion
    open_begin_.reserve(count + 1);
    open_.reserve(4 * std::size_t{count});
    for (std::uint32_t c = 0; c < count; ++c) {
      for (std::uint32_t next = begin[c]; next < begin[c + 1]; ++next) {
        const std::uint32_t started = starts[next];
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

  void lay_out_observations() {
    next_observation_.resize(completions_.size() + 1, static_cast<std::uint32_t>(completions_.size()));
    for (std::size_t c = completions_.size(); c-- > 0;) {
      next_observation_[c] =
          completions_[c].observes ? static_cast<std::uint32_t>(c) : next_observation_[c + 1];
    }
  }

  // Whether the answer that is due next among those not yet explained can never come any more. What only
  // grows passes it by.
  bool hopeless(std::uint32_t at, std::uint32_t state, const std::uint64_t* mask) {
    std::uint32_t c = next_observation_[at];
    // The slot of one that is not yet under way may be another's at this time.
    while (c < completions_.size() && under_way(c, at) && visible(mask, completions_[c].slot))
      c = next_observation_[c + 1];
    return c < completions_.size() && machine_.next(state, completions_[c].cls) == Machine::kLost;
  }
  bool under_way(std::uint32_t c, std::uint32_t at) const { return first_[c] <= at; }

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
      } else if (c.observes && machine_.next(state, c.cls) >= 0) {
        noticed = true;
        if (trail != nullptr) trail->steps.push_back({c.item, {}});
      } else {
        break;
      }
    }
    if (at == completions_.size()) return noticed;
    for (std::size_t i = open_begin_[at]; i < open_begin_[at + 1]; ++i) {
      const Completion& c = completions_[open_[i]];
      if (c.observes && !visible(mask, c.slot) && machine_.next(state, c.cls) >= 0) {
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
    Seen seen(words, completions_.size());
    std::vector<Frame> frames;
    std::vector<std::uint64_t> masks;  // of each frame, `words` integers
    frames.reserve(completions_.size());
    masks.reserve(completions_.size() * words);
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
      if (ahead_ && !done && hopeless(at, state, mask.data())) {
        if (at > deepest) deepest = at;
        return false;
      }
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
        if (next >= 0) done = enter(top, frame.at, static_cast<std::uint32_t>(next));
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
      if (machine_.next(frame.state, c.cls) >= 0) out.push_back(open_[i]);
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
      if (next < 0 || static_cast<std::uint32_t>(next) == frame.state) continue;
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
  bool ahead_;
  std::vector<std::size_t> returns_;             // the event of each completion
  std::vector<std::uint32_t> first_;             // the first completion at which each is under way
  std::vector<std::uint32_t> next_observation_;  // at or after each completion, the first that observes
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
// anything, may take effect at any time until it returned and any number of times (or at any time, once,
// where that would lead to infinitely many states): then no doubt about it could excuse the offender. (Simply
// leaving it out would find "shorter" violations that are none, such as a read without its write.) What stays
// must explain everything but the offender's answer, so that the picture shows one puzzle and not two; and
// that answer too had it been given at another time, if the whole can: the stale value's write stays in the
// picture.
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
      if (!out_[i]) continue;
      Item& item = relaxed.back();
      item.free = machine_.repeatable(item.cls);
      if (!item.free) {  // once, but at any time
        item.invoked = 0;
        item.returned = History::kNever;
      }
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
  std::vector<std::optional<Action>> actions;  // of each item, with its answer
};

// Gives the items their numbers in a fresh machine.
void number_actions(Machine& machine, Partition& partition) {
  for (std::size_t i = 0; i < partition.items.size(); ++i) {
    if (const auto& action = partition.actions[i]) partition.items[i].cls = machine.class_of(*action);
  }
}
// The same where it matters what they would do without an answer.
void number_open_actions(Machine& machine, const History& history, const Model& model, Partition& partition) {
  for (Item& item : partition.items) {
    // The arguments are those of the action with its answer, so that this cannot fail where that did not.
    if (const auto open = *model.action(history.invocation(item.op), nullptr)) {
      item.open_cls = machine.class_of(*open);
    }
  }
}

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
void report_violation(Verdict& verdict, const History& history, const Model& model, Partition& partition,
                      std::size_t earliest, const LinearizableOptions& options) {
  Machine machine(model);
  number_actions(machine, partition);
  number_open_actions(machine, history, model, partition);
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
  const Found found = Search(machine, items, budget, false).run();
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
  std::size_t current = 0;
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
    if (partitions.empty() || partitions[current].key != start.key) {
      const auto [it, added] = known.try_emplace(start.key, partitions.size());
      if (added) partitions.push_back({start.key, {}, {}});
      current = it->second;
    }
    Partition& partition = partitions[current];
    const History::Op& span = history.ops()[op];
    const bool answered = end != nullptr && end->type != Event::Type::info;
    partition.items.push_back({op, kNone, kNone, span.invoke, answered ? span.completion : History::kNever});
    partition.actions.push_back(std::move(*action));
  }

  Verdict verdict;
  verdict.operations = history.ops().size();
  verdict.keys = partitions.size();
  std::vector<Found> found(partitions.size());
  ParallelWork work(options.give_up);
  const std::function<bool()> stopping = [&] { return work.stopping(); };
  constexpr std::size_t kWorthThreads = 500;  // operations; a thread costs as much as judging some hundred
  const unsigned threads = verdict.operations < kWorthThreads ? 1 : options.threads;
  work.run(partitions.size(), threads == 0 ? machine_threads() : threads, [&](std::size_t p) {
    Machine machine(model);
    number_actions(machine, partitions[p]);
    found[p] = Search(machine, partitions[p].items, Budget(options, stopping)).run();
  });

  std::optional<std::size_t> unknown, violated;
  std::size_t earliest = 0;  // event of the violation found first in time
  for (std::size_t p = 0; p < partitions.size(); ++p) {
    verdict.steps += found[p].steps;
    if (found[p].outcome == Outcome::ok) {
      for (std::uint32_t i : found[p].order) verdict.order.push_back(partitions[p].items[i].op);
    } else if (found[p].outcome == Outcome::unknown) {
      if (!unknown) unknown = p;
    } else if (const std::size_t returned = partitions[p].items[found[p].offender].returned;
               !violated || returned < earliest) {
      violated = p;
      earliest = returned;
    }
  }

  if (violated) {
    report_violation(verdict, history, model, partitions[*violated], earliest, options);
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

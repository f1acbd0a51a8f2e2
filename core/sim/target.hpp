// Whom a fault hits: names, or a rule that picks nodes at the moment of the fault.
//
//   "app-2"  {"a", "b"}       these nodes; the name of a group (a fleet, a store) means all its members
//   "one" "all"               so many of the pool, chosen at random
//   "minority" "majority"     the most that is less than half of it, the least that is more
//   "primaries"               the nodes of the pool that show role = leader or primary
//   {zone = "eu"}             the nodes of a zone
//   {random = 3}              so many of the pool
//   {pick = "minority", of = "kv"}   as above, from the members of a group or a list of names
//
// The pool, where `of` does not name it: the protocol nodes of the world if it has any, else its services and
// balancers. Loads and clients are never picked.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/base/value.hpp"
#include "core/runtime/message.hpp"
#include "core/sim/network.hpp"

namespace syslab {

class World;

class Target {
 public:
  Target() = default;  // nobody
  // A name, or one of the words above.
  Target(const char* word) : Target(std::string(word)) {}
  Target(std::string word) { (is_reserved(word) ? pick_ : names_.emplace_back()) = std::move(word); }
  Target(std::vector<std::string> names) : names_(std::move(names)) {}
  // From the forms above. Errors: unknown, for what is no such form.
  static Expected<Target> parse(const Value& value);
  static Target of(const World& world, const std::vector<NodeId>& nodes);

  // True if nothing was given.
  bool empty() const { return names_.empty() && pick_.empty(); }
  // Errors: not_found, naming the nearest, where a name or zone is unknown.
  Expected<bool> check(const World& world) const;
  // The nodes, in order of creation. Requires: check().
  std::vector<NodeId> resolve(const World& world, Rng& rng) const;
  // The same in the order of the list, where this names nodes one by one; otherwise shuffled.
  std::vector<NodeId> resolve_in_order(const World& world, Rng& rng) const;
  // In the form it was given; of names: a string for one, else a list.
  Value value() const;
  std::string describe() const;

  // Words that no node may be named.
  static bool is_reserved(const std::string& name);

 private:
  std::vector<std::string> names_;  // these, or with a pick the pool
  std::string pick_;                // "one", "zone", "random" ...; empty: the names themselves
  std::string zone_;
  std::size_t count_ = 0;
};

// The directed links a fault is about: {target = T} means all links into and out of T; {from = A, to = B}
// those from A to B, with both = true also back; `from` or `to` alone means to or from everybody else;
// nothing means all links.
struct LinkTarget {
  Target target = {};
  Target from = {};
  Target to = {};
  bool both = false;

  Expected<bool> check(const World& world) const;
  // The same with names only.
  LinkTarget resolve(const World& world, Rng& rng) const;
  // Requires: names only.
  std::vector<std::pair<NodeSet, NodeSet>> spans(const World& world) const;
  void add_to(Value::Map& options) const;
  std::string describe() const;
};

}  // namespace syslab

// Changes: what differs between two states, as a list that can be applied and turned around.
//
// A state is a map (nil counts as an empty one). A change is {path = {"lines", "1"}, from = OLD, to = NEW},
// without `from` where there was nothing and without `to` where nothing is left. Maps are compared key by
// key, everything else (lists, too) as a whole. Changes come in the order of their paths.
//
//   apply_changes(a, changes_between(a, b)) == b      apply_changes(b, inverse_changes(...)) == a
//
// Cost: O(size of the states). The idea is that of RFC 6902 (JSON Patch), with the old value in the place of
// `test`.
#pragma once

#include "core/base/error.hpp"
#include "core/base/value.hpp"

namespace syslab {

// A list of changes.
Value changes_between(const Value& from, const Value& to);

// The state after the changes. Errors: conflict, naming the path, where the state does not have what a change
// says it had; malformed, where `changes` is no list of changes.
Expected<Value> apply_changes(const Value& state, const Value& changes);

// What takes the changes back. Malformed ones are left as they are.
Value inverse_changes(const Value& changes);

}  // namespace syslab

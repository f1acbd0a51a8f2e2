// A counter whose reads may be behind: does it lose or repeat anything? increment v and decrement v (1 where
// no v is given), add v (which may be negative), read -> number. Each change counts once or, where its
// outcome is unknown, once or not at all.
//   lost           a read that was invoked after the last change was answered, and is the last of its
//   process, is
//                  below what was acknowledged
//   counted-twice  such a read is above all that can have been counted
//   unexpected     any read that is outside of all that had been invoked when it was answered
// Unknown where nobody read after the last change. Counted: acknowledged (their sum), unknown (changes),
// reads, last (reads that were judged). Cost: O(n). The linearizable model of the same name is in
// collection_models.cpp.
#pragma once

#include "core/check/judgement.hpp"

namespace syslab {

// Errors (code "unknown"): another operation, a change that is no number.
Expected<Judgement> check_final_count(const History& history);

}  // namespace syslab

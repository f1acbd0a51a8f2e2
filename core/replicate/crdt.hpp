// Crdt: a replicated data type that needs no agreement. Every replica changes its own copy at once, they send
// each other what changed, in any order and as often as they like, and all that know the same changes have
// the same value.
//
// State-based, with delta mutations: the states are a join-semilattice, merge is the join (commutative,
// associative, idempotent), an operation gives the small state to be joined, its delta. A delta is a state:
// it can be merged anywhere, also before others that came first. The operations, each {op = NAME, ...}:
//
//   g_counter         increment {by = 1}: a whole number
//   pn_counter        increment {by = 1}, decrement {by = 1}
//   g_set             add {value}
//   two_phase_set     add {value}, remove {value}: for ever
//   or_set            add {value}, remove {value}; of an add and a remove at the same time the add wins
//   lww_register      set {value, time}
//   mv_register       set {value, context}; values set at the same time are all there
//   lww_map           put {field, value, time}, remove {field, time}
//   or_map            put {field, value}, remove {field}; each field an mv_register, and a put wins over a
//   remove rga_text          insert {at, text}, delete {at, count = 1}; at: a character's place, from 1
//
// Papers: Shapiro et al. 2011, "A comprehensive study of Convergent and Commutative Replicated Data Types";
// Almeida et al. 2018, "Delta state replicated data types". Each type's source has its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/value.hpp"
#include "core/replicate/planted_bugs.hpp"

namespace syslab {

// See planted_bugs.hpp.
enum class CrdtBug : std::uint8_t {
  none,
  sums_counters,       // counters: a merge adds what the other one has counted
  one_slot,            // counters: all replicas count in one place, of which a merge keeps the larger number
  forgets_removals,    // sets, maps, registers: a merge brings back what was removed
  drops_sibling,       // mv_register, or_map: of values set at the same time one is kept
  ignores_context,     // mv_register: a set replaces also what its writer has not seen
  keeps_latest,        // lww_register, lww_map: what arrives last stays
  no_tie_break,        // lww_register, lww_map: at equal times everybody keeps what it has
  inserts_by_arrival,  // rga_text: what arrives last is next to the character that it follows
};
inline constexpr PlantedBugs<CrdtBug, 8> kCrdtBugs{{
    "sums_counters",
    "one_slot",
    "forgets_removals",
    "drops_sibling",
    "ignores_context",
    "keeps_latest",
    "no_tie_break",
    "inserts_by_arrival",
}};

struct CrdtOptions {
  std::string replica = "a";    // this copy's name: no other one's
  std::size_t deltas_kept = 0;  // for delta_since; older ones are answered with the whole state
  CrdtBug bug = CrdtBug::none;
};

class Crdt {
 public:
  virtual ~Crdt() = default;

  virtual std::string_view name() const = 0;
  virtual const CrdtOptions& options() const = 0;
  // An empty one of the same type.
  virtual std::unique_ptr<Crdt> fresh(CrdtOptions options) const = 0;

  // Does the operation here: its delta. Errors: malformed (another operation, a missing argument; then
  // nothing happened).
  virtual Expected<Value> apply(const Value& operation) = 0;
  // Joins a state or a delta of the same type: whether it was news. Errors: malformed.
  virtual Expected<bool> merge(const Value& state) = 0;

  virtual Value value() const = 0;
  // Everything, as others may merge it. Equal states are equal values.
  virtual Value state() const = 0;
  // Counts the changes of this copy, its own and merged ones.
  virtual std::uint64_t version() const = 0;
  // The join of all changes after that version; the whole state where some of them are not kept.
  virtual Value delta_since(std::uint64_t version) const = 0;
  // Bytes of the state on the wire, metadata included; those of the value alone are value().size_bytes().
  std::size_t size_bytes() const { return state().size_bytes(); }
};

std::unique_ptr<Crdt> make_g_counter(CrdtOptions options);
std::unique_ptr<Crdt> make_pn_counter(CrdtOptions options);
std::unique_ptr<Crdt> make_g_set(CrdtOptions options);
std::unique_ptr<Crdt> make_two_phase_set(CrdtOptions options);
std::unique_ptr<Crdt> make_or_set(CrdtOptions options);
std::unique_ptr<Crdt> make_lww_register(CrdtOptions options);
std::unique_ptr<Crdt> make_mv_register(CrdtOptions options);
std::unique_ptr<Crdt> make_lww_map(CrdtOptions options);
std::unique_ptr<Crdt> make_or_map(CrdtOptions options);
std::unique_ptr<Crdt> make_rga_text(CrdtOptions options);

}  // namespace syslab

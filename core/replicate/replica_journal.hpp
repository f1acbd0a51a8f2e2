// ReplicaJournal: the records of one process on its disk, in the order in which they were written.
//
// Records are appended and become durable together: whoever waits for the disk shares one fsync with all who
// wait. The whole may be replaced by other records, which go to a file of their own (under the other of two
// names) that counts only when it is whole. Every record carries a checksum, so half a record, which a torn
// write leaves, is seen and left out: it was never durable. A disk that has failed once is not used again by
// this process, because nobody can tell what an fsync that failed has kept.
// Cost: an append and a share of an fsync a record.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "core/runtime/env.hpp"

namespace syslab {

class ReplicaJournal {
 public:
  // Reads what is there; `failed` is called once, when the disk fails (also now). Requires: called once, at
  // the start of the process.
  Value::List open(Env& env, std::function<void()> failed);
  void append(Value record);
  // From now on these records, and what is appended later, in place of all before. Requires: !replacing().
  void replace(const Value::List& records);
  bool replacing() const { return replacing_; }
  // Runs the action when everything written so far is durable; at once if it is. Never, if the disk fails.
  void when_durable(std::function<void()> action);
  bool broken() const { return broken_; }

 private:
  struct Deferred {
    std::uint64_t writes;  // runs when so many are durable
    std::function<void()> action;
  };

  std::string file() const { return generation_ % 2 == 0 ? "journal-a" : "journal-b"; }
  void flush();
  bool ok(const Result& result);

  Env* env_ = nullptr;
  std::function<void()> failed_;
  std::uint64_t generation_ = 0;
  std::uint64_t writes_ = 0;
  std::uint64_t durable_ = 0;
  bool flushing_ = false;
  bool replacing_ = false;
  bool broken_ = false;
  std::deque<Deferred> deferred_;
};

}  // namespace syslab

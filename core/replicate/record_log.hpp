// RecordLog: what a replica keeps on its disk, as a file of records in the order in which they were made.
//
// A record counts only when it is whole, so a torn write costs nothing but what nobody was told of. rewrite()
// puts other records in place of all: they begin a second file, which is good once all of them are there, and
// the first one goes when the second is synced. Writes that wait share a sync. After an error of the disk the
// log is broken until the process is started again, because nobody can tell what a sync that failed has
// kept. Cost: an append each record; one sync for all that wait.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "core/runtime/env.hpp"

namespace syslab {

class RecordLog {
 public:
  // At the start: visits what the disk has, oldest first. False where it cannot be read.
  bool load(Env& env, const std::function<void(const Value& record)>& visit);
  void append(Env& env, Value record);
  // Requires: not rewriting().
  void rewrite(Env& env, Value::List records);
  // Runs the action when everything written so far is on disk, in the order of the calls; at once if it is.
  // Never, once it is broken.
  void when_durable(Env& env, std::function<void()> action);

  std::size_t size() const { return size_; }  // records in the file
  bool rewriting() const { return rewriting_; }
  bool broken() const { return broken_; }

 private:
  struct Deferred {
    std::uint64_t writes;  // runs when so many are on disk
    std::function<void()> action;
  };
  void flush(Env& env);
  bool ok(const Result& result);

  std::uint64_t generation_ = 0;  // of the file
  std::size_t size_ = 0;
  std::uint64_t writes_ = 0;
  std::uint64_t durable_ = 0;
  bool flushing_ = false;
  bool rewriting_ = false;
  bool broken_ = false;
  std::deque<Deferred> deferred_;
};

}  // namespace syslab

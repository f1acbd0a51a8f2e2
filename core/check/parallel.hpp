// Independent pieces of work on a few threads. Checkers are the one place in core with threads: a history is
// judged key by key, no key knows of another, and which thread judged it cannot be seen in the result.
#pragma once

#include <cstddef>
#include <functional>

namespace syslab {

// Calls body(i) once for each i below `count`, on at most `threads` threads with the calling one among them,
// and returns when all are done. `poll`, if given, is asked now and then by the calling thread only; once it
// is true, the flag that stopping() reads is set. An exception of a body is thrown here, that of the lowest
// i. Where no thread can be had, the calling one does all.
class ParallelWork {
 public:
  explicit ParallelWork(const std::function<bool()>& poll) : poll_(poll) {}

  void run(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& body);
  // Whether the work is to be given up. Any thread may ask.
  bool stopping();

 private:
  const std::function<bool()>& poll_;
  struct State;
  State* state_ = nullptr;
};

// As many as the machine runs at once, at least 1.
unsigned machine_threads();

}  // namespace syslab

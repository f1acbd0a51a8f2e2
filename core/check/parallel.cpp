#include "core/check/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace syslab {

struct ParallelWork::State {
  std::thread::id owner = std::this_thread::get_id();
  std::atomic<bool> stop = false;
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;  // of what follows
  std::condition_variable ended;
  std::size_t running = 0;
  std::size_t failed_at = 0;
  std::exception_ptr failure;
};

void ParallelWork::run(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& body) {
  State state;
  state_ = &state;
  const auto work = [&] {
    for (std::size_t i; (i = state.next.fetch_add(1)) < count;) {
      try {
        body(i);
      } catch (const std::exception&) {
        const std::lock_guard<std::mutex> lock(state.mutex);
        if (state.failure == nullptr || i < state.failed_at) {
          state.failure = std::current_exception();
          state.failed_at = i;
        }
      }
    }
  };
  std::vector<std::thread> others;
  const std::size_t wanted =
      std::min<std::size_t>(std::max(threads, 1u), std::max<std::size_t>(count, 1)) - 1;
  while (others.size() < wanted) {
    {
      const std::lock_guard<std::mutex> lock(state.mutex);
      ++state.running;
    }
    try {
      others.emplace_back([&] {
        work();
        const std::lock_guard<std::mutex> lock(state.mutex);
        --state.running;
        state.ended.notify_one();
      });
    } catch (const std::system_error&) {
      --state.running;  // nobody else touches it: the thread that would was not started
      break;
    }
  }
  work();
  {
    std::unique_lock<std::mutex> lock(state.mutex);
    while (state.running > 0) {
      state.ended.wait_for(lock, std::chrono::milliseconds(20));
      if (poll_ && !state.stop && poll_()) state.stop = true;
    }
  }
  for (std::thread& thread : others) thread.join();
  state_ = nullptr;
  if (state.failure != nullptr) std::rethrow_exception(state.failure);
}

bool ParallelWork::stopping() {
  if (poll_ && std::this_thread::get_id() == state_->owner && !state_->stop && poll_()) state_->stop = true;
  return state_->stop;
}

unsigned machine_threads() {
  return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace syslab

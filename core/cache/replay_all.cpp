#include "core/cache/replay_all.hpp"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

#include "core/base/assert.hpp"
#include "core/base/rng.hpp"

namespace syslab {

bool is_sampled(std::uint64_t id, double share) {
  return static_cast<double>(mix64(id) >> 11) * 0x1p-53 < share;
}

PieceUser replay_into(Cache& cache) {
  return [&cache](const RequestPiece& piece) {
    if (piece.times.empty()) {
      cache.replay(piece.ids, piece.sizes);
    } else {
      cache.replay_timed(piece.ids, piece.sizes, piece.times);
    }
  };
}

void replay_all(const NextPiece& next, std::span<const PieceUser> users, const ReplayAllOptions& options) {
  SYSLAB_ASSERT(options.threads >= 1);
  RequestPiece piece;
  for (;;) {
    piece.ids.clear();
    piece.sizes.clear();
    piece.times.clear();
    if (!next(piece)) return;
    std::atomic<std::size_t> taken = 0;
    const auto work = [&] {
      for (std::size_t i = taken++; i < users.size(); i = taken++) users[i](piece);
    };
    std::vector<std::thread> others;
    const std::size_t most = std::min<std::size_t>(options.threads, std::max<std::size_t>(users.size(), 1));
    try {
      while (others.size() + 1 < most) others.emplace_back(work);
    } catch (const std::system_error&) {
      // No more threads to be had: those that there are do all of it.
    }
    work();
    for (std::thread& other : others) other.join();
    for (const PieceUser& user : options.here) user(piece);
  }
}

}  // namespace syslab

#include "core/cache/reuse_distances.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "core/base/probe_table.hpp"

namespace syslab {
namespace {

// A count reads at most a block of words, a row of blocks, and then whole rows: all of it in sequence, which
// is faster than the log n scattered reads of a tree as long as there are some hundred rows.
constexpr std::size_t kWordTimes = 64;
constexpr std::size_t kBlockTimes = 8 * kWordTimes;
constexpr std::size_t kRowTimes = 64 * kBlockTimes;

}  // namespace

ReuseDistances::ReuseDistances() {
  make_room(kRowTimes);
}

void ReuseDistances::make_room(std::size_t times) {
  const std::size_t rows = (times + kRowTimes - 1) / kRowTimes;
  words_.assign(rows * kRowTimes / kWordTimes, 0);
  blocks_.assign(rows * kRowTimes / kBlockTimes, 0);
  rows_.assign(rows, 0);
  now_ = 0;
}

void ReuseDistances::mark(Time time) {
  words_[time / kWordTimes] |= std::uint64_t{1} << time % kWordTimes;
  ++blocks_[time / kBlockTimes];
  ++rows_[time / kRowTimes];
}

void ReuseDistances::unmark(Time time) {
  words_[time / kWordTimes] &= ~(std::uint64_t{1} << time % kWordTimes);
  --blocks_[time / kBlockTimes];
  --rows_[time / kRowTimes];
}

std::size_t ReuseDistances::marked_after(Time time) const {
  // Two shifts: one by 64 would be undefined.
  auto count = static_cast<std::size_t>(std::popcount(words_[time / kWordTimes] >> time % kWordTimes >> 1));
  const std::size_t block = time / kBlockTimes, row = time / kRowTimes, now_row = now_ / kRowTimes;
  const std::size_t words_end = (block + 1) * (kBlockTimes / kWordTimes);
  for (std::size_t i = time / kWordTimes + 1; i < words_end; ++i)
    count += static_cast<std::size_t>(std::popcount(words_[i]));
  const std::size_t blocks_end = (row + 1) * (kRowTimes / kBlockTimes);
  std::uint32_t sum = 0;
  for (std::size_t i = block + 1; i < blocks_end; ++i) sum += blocks_[i];
  for (std::size_t i = row + 1; i <= now_row; ++i) sum += rows_[i];
  return count + sum;
}

void ReuseDistances::add(std::span<const std::uint64_t> ids) {
  requests_ += ids.size();
  for (const std::uint64_t id : ids) {
    if (now_ == words_.size() * kWordTimes) renumber();
    const std::uint64_t hash = fold_hash(id);
    const Slot found = index_.find(hash, [&](Slot slot) { return identities_[slot - 1] == id; });
    if (found == kNoSlot) {
      identities_.push_back(id);
      last_.push_back(now_);
      index_.insert(hash, static_cast<Slot>(last_.size()));
    } else {
      Time& last = last_[found - 1];
      const std::size_t distance = marked_after(last);
      if (distance >= counts_.size()) counts_.resize(std::max(distance + 1, 2 * counts_.size()));
      ++counts_[distance];
      unmark(last);
      last = now_;
    }
    mark(now_++);
  }
}

// Only the order of the last requests counts, so they get the first times. Room for many more, for a time
// takes but a bit, and sorting takes long.
void ReuseDistances::renumber() {
  std::vector<std::uint32_t> keys(last_.size());
  std::iota(keys.begin(), keys.end(), 0);
  std::sort(keys.begin(), keys.end(),
            [this](std::uint32_t a, std::uint32_t b) { return last_[a] < last_[b]; });
  make_room(8 * keys.size() + kRowTimes);
  for (const std::uint32_t key : keys) {
    last_[key] = now_;
    mark(now_++);
  }
}

std::uint64_t ReuseDistances::lru_hits(std::uint64_t capacity) const {
  const auto end =
      counts_.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(capacity, counts_.size()));
  return std::accumulate(counts_.begin(), end, std::uint64_t{0});
}

}  // namespace syslab

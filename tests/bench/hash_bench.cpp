// Each placement against the bare thing: the algorithm's arrays and its look-up, nothing else. No names, no
// virtual face. Then the hash functions.
#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/hash/anchor.hpp"
#include "core/hash/bounded_load.hpp"
#include "core/hash/crc16.hpp"
#include "core/hash/fnv1a.hpp"
#include "core/hash/hash64.hpp"
#include "core/hash/jump.hpp"
#include "core/hash/ketama.hpp"
#include "core/hash/maglev.hpp"
#include "core/hash/md5.hpp"
#include "core/hash/modulo.hpp"
#include "core/hash/murmur3.hpp"
#include "core/hash/rendezvous.hpp"
#include "core/hash/ring.hpp"
#include "core/hash/siphash.hpp"
#include "core/hash/slots.hpp"
#include "tests/bench/ratio.hpp"

namespace syslab::bench {
namespace {

using u32 = std::uint32_t;
using u64 = std::uint64_t;
__extension__ using u128 = unsigned __int128;

class ReferenceRing {
 public:
  explicit ReferenceRing(u32 nodes, u32 points = 160) {
    std::vector<std::pair<u64, u32>> all;
    for (u32 node = 0; node < nodes; ++node) {
      for (u32 i = 0; i < points; ++i) all.emplace_back(hash64(node, i + 1), node);
    }
    std::sort(all.begin(), all.end());
    for (const auto& [hash, node] : all) {
      hashes_.push_back(hash);
      nodes_.push_back(node);
    }
    const int bits = std::bit_width(hashes_.size()) + 1;
    shift_ = 64 - bits;
    index_.resize(std::size_t{1} << bits);
    std::size_t j = 0;
    for (std::size_t b = 0; b < index_.size(); ++b) {
      while (j < hashes_.size() && hashes_[j] < static_cast<u64>(b) << shift_) ++j;
      index_[b] = static_cast<u32>(j);
    }
  }
  u32 get(u64 key) const {
    const u64 x = hash64(key);
    std::size_t i = index_[x >> shift_];
    while (i < hashes_.size() && hashes_[i] < x) ++i;
    return nodes_[i == hashes_.size() ? 0 : i];
  }

 private:
  std::vector<u64> hashes_;
  std::vector<u32> nodes_, index_;
  int shift_;
};

class ReferenceModulo {
 public:
  explicit ReferenceModulo(u32 nodes) : nodes_(nodes) {}
  u32 get(u64 key) const { return static_cast<u32>(hash64(key) % nodes_); }

 private:
  u64 nodes_;
};

class ReferenceJump {
 public:
  explicit ReferenceJump(u32 nodes) : nodes_(nodes) {}
  u32 get(u64 key) const {
    u64 k = hash64(key);
    std::int64_t b = -1, j = 0;
    while (j < nodes_) {
      b = j;
      k = k * 2862933555777941757ull + 1;
      j = static_cast<std::int64_t>(static_cast<double>(b + 1) *
                                    (static_cast<double>(1ll << 31) / static_cast<double>((k >> 33) + 1)));
    }
    return static_cast<u32>(b);
  }

 private:
  std::int64_t nodes_;
};

class ReferenceRendezvous {
 public:
  explicit ReferenceRendezvous(u32 nodes) {
    for (u32 i = 0; i < nodes; ++i) seeds_.push_back(hash64(i, 7));
  }
  u32 get(u64 key) const {
    const u64 x = hash64(key);
    u64 best = 0;
    u32 at = 0;
    for (u32 i = 0; i < seeds_.size(); ++i) {
      u64 y = (x ^ seeds_[i]) * 0x9E3779B97F4A7C15ull;
      y = (y ^ (y >> 32)) * 0xD6E8FEB86659FD93ull;
      const bool more = y > best;
      best = more ? y : best;
      at = more ? i : at;
    }
    return at;
  }

 private:
  std::vector<u64> seeds_;
};

class ReferenceMaglev {
 public:
  explicit ReferenceMaglev(u32 nodes) : table_(kSize, ~0u) {
    std::vector<u64> offset(nodes), skip(nodes), next(nodes);
    for (u64 i = 0; i < nodes; ++i) {
      offset[i] = hash64(i, 11) % kSize;
      skip[i] = hash64(i, 13) % (kSize - 1) + 1;
    }
    for (u32 filled = 0; filled < kSize;) {
      for (u32 i = 0; i < nodes && filled < kSize; ++i, ++filled) {
        u64 entry;
        do entry = (offset[i] + next[i]++ * skip[i]) % kSize;
        while (table_[entry] != ~0u);
        table_[entry] = i;
      }
    }
  }
  u32 get(u64 key) const {
    return table_[static_cast<std::size_t>(static_cast<u128>(hash64(key)) * kSize >> 64)];
  }

 private:
  static constexpr u32 kSize = 65537;
  std::vector<u32> table_;
};

// Of `capacity` buckets the first `nodes` are in use, the others left from the highest down.
class ReferenceAnchor {
 public:
  ReferenceAnchor(u32 nodes, u32 capacity) : left_(capacity, 0), heir_(capacity) {
    for (u32 b = 0; b < capacity; ++b) heir_[b] = b;
    for (u32 b = nodes; b < capacity; ++b) left_[b] = b;
  }
  u32 get(u64 key) const {
    const u64 x = hash64(key);
    auto b = static_cast<u32>(static_cast<u128>(x) * left_.size() >> 64);
    while (left_[b] > 0) {
      auto h = static_cast<u32>(static_cast<u128>(mix64(x ^ b)) * left_[b] >> 64);
      while (left_[h] >= left_[b]) h = heir_[h];
      b = h;
    }
    return b;
  }

 private:
  std::vector<u32> left_, heir_;
};

// The same walk as above, with one counter a node; fills up to 1.25 times the average of `keys`.
class ReferenceBounded {
 public:
  ReferenceBounded(u32 nodes, u64 keys) : nodes_(nodes), most_((keys * 5 / 4 + nodes - 1) / nodes) {
    for (u32 node = 0; node < nodes; ++node) {
      for (u32 i = 0; i < 160; ++i) points_.emplace_back(hash64(node, i + 1), node);
    }
    std::sort(points_.begin(), points_.end());
    const int bits = std::bit_width(points_.size()) + 1;
    shift_ = 64 - bits;
    index_.resize(std::size_t{1} << bits);
    std::size_t j = 0;
    for (std::size_t b = 0; b < index_.size(); ++b) {
      while (j < points_.size() && points_[j].first < static_cast<u64>(b) << shift_) ++j;
      index_[b] = static_cast<u32>(j);
    }
  }
  void place(const std::vector<u64>& keys, std::vector<u32>& places) const {
    std::vector<u64> loads(nodes_);
    for (std::size_t k = 0; k < keys.size(); ++k) {
      const u64 x = hash64(keys[k]);
      std::size_t i = index_[x >> shift_];
      while (i < points_.size() && points_[i].first < x) ++i;
      if (i == points_.size()) i = 0;
      while (loads[points_[i].second] == most_) i = i + 1 == points_.size() ? 0 : i + 1;
      places[k] = points_[i].second;
      ++loads[places[k]];
    }
  }

 private:
  u32 nodes_;
  u64 most_;
  std::vector<std::pair<u64, u32>> points_;
  std::vector<u32> index_;
  int shift_;
};

// Points as libmemcached makes them, and a binary search.
class ReferenceKetama {
 public:
  explicit ReferenceKetama(u32 nodes) {
    for (u32 node = 0; node < nodes; ++node) {
      for (u32 i = 0; i < 40; ++i) {
        const Md5Digest digest = md5("node-" + std::to_string(node) + "-" + std::to_string(i));
        for (int word = 0; word < 4; ++word) points_.emplace_back(md5_word(digest, word), node);
      }
    }
    std::sort(points_.begin(), points_.end());
  }
  u32 get(u64 key) const {
    char text[24];
    const std::to_chars_result end = std::to_chars(text, text + sizeof text, key);
    const u32 x = md5_word(md5({text, static_cast<std::size_t>(end.ptr - text)}), 0);
    const auto at = std::lower_bound(points_.begin(), points_.end(), std::pair<u32, u32>(x, 0));
    return (at == points_.end() ? points_.front() : *at).second;
  }

 private:
  std::vector<std::pair<u32, u32>> points_;
};

class ReferenceSlots {
 public:
  explicit ReferenceSlots(u32 nodes) : owners_(16384) {
    for (u32 slot = 0; slot < 16384; ++slot) owners_[slot] = static_cast<u32>(u64{slot} * nodes / 16384);
  }
  u32 get(u64 key) const {
    char text[24];
    const std::to_chars_result end = std::to_chars(text, text + sizeof text, key);
    return owners_[crc16_xmodem({text, static_cast<std::size_t>(end.ptr - text)}) & 16383];
  }

 private:
  std::vector<u32> owners_;
};

std::unique_ptr<Placement> with(std::unique_ptr<Placement> placement, u32 count) {
  std::vector<PlacedNode> nodes;
  for (u32 i = 0; i < count; ++i) nodes.push_back({"node-" + std::to_string(i), 1});
  if (!placement->reset(std::move(nodes)).empty()) std::abort();
  return placement;
}

// One look-up at a time through the virtual face.
template <class Reference>
void one_by_one(RatioRun& run, const std::unique_ptr<Placement>& ours, const Reference& reference,
                u64 lookups) {
  u64 sum = 0;
  run.compare(
      static_cast<double>(lookups),
      [&] {
        for (u64 key = 0; key < lookups; ++key) sum += ours->place(hash64(key));
      },
      [&] {
        for (u64 key = 0; key < lookups; ++key) sum += reference.get(key);
      });
  benchmark::DoNotOptimize(sum);
}

// Many keys in one call, as spread() and moved() ask.
template <class Reference>
void batch(RatioRun& run, const std::unique_ptr<Placement>& ours, const Reference& reference, u64 lookups) {
  std::vector<u64> keys(lookups);
  for (u64 i = 0; i < lookups; ++i) keys[i] = i;
  std::vector<u32> places(lookups), reference_places(lookups);
  run.compare(
      static_cast<double>(lookups), [&] { ours->place_all(keys, places); },
      [&] {
        for (u64 i = 0; i < lookups; ++i) reference_places[i] = reference.get(keys[i]);
      });
}

std::string row(const std::string& name, const std::unique_ptr<Placement>& placement, u32 nodes) {
  return name + ", " + std::to_string(nodes) + " nodes (" + std::to_string(placement->memory_bytes()) +
         " bytes)";
}

// A batch row for 10, 100 and 1000 nodes.
template <class Reference>
std::vector<RatioRow> rows(const std::string& name, std::unique_ptr<Placement> (*make)(),
                           Reference (*reference)(u32), u64 (*lookups)(u32)) {
  std::vector<RatioRow> out;
  for (u32 nodes : {10u, 100u, 1000u}) {
    out.emplace_back(row(name + " place_all", with(make(), nodes), nodes), 0.80, [=](RatioRun& run) {
      batch(run, with(make(), nodes), reference(nodes), lookups(nodes));
    });
  }
  return out;
}

std::unique_ptr<Placement> make_ring() {
  return std::make_unique<Ring>(RingOptions{});
}
std::unique_ptr<Placement> make_maglev_default() {
  return make_maglev();
}

u64 many(u32) {
  return 2'000'000;
}
u64 fewer(u32) {
  return 100'000;
}
u64 by_nodes(u32 nodes) {
  return 4'000'000 / nodes;
}

const RatioRow ring_10("ring place through the face, 10 nodes", 0.80, [](RatioRun& run) {
  one_by_one(run, with(make_ring(), 10), ReferenceRing(10), 4'000'000);
});
const RatioRow ring_1000("ring place through the face, 1000 nodes", 0.80, [](RatioRun& run) {
  one_by_one(run, with(make_ring(), 1000), ReferenceRing(1000), 4'000'000);
});
const auto ring_rows = rows<ReferenceRing>(
    "ring", make_ring, [](u32 n) { return ReferenceRing(n); }, many);
const auto modulo_rows = rows<ReferenceModulo>(
    "modulo", make_modulo, [](u32 n) { return ReferenceModulo(n); }, many);
const auto jump_rows = rows<ReferenceJump>(
    "jump", make_jump, [](u32 n) { return ReferenceJump(n); }, many);
const auto rendezvous_rows = rows<ReferenceRendezvous>(
    "rendezvous", make_rendezvous, [](u32 n) { return ReferenceRendezvous(n); }, by_nodes);
const auto maglev_rows = rows<ReferenceMaglev>(
    "maglev", make_maglev_default, [](u32 n) { return ReferenceMaglev(n); }, many);
const auto ketama_rows = rows<ReferenceKetama>(
    "ketama", make_ketama, [](u32 n) { return ReferenceKetama(n); }, fewer);
const auto slots_rows = rows<ReferenceSlots>(
    "slots", make_slots, [](u32 n) { return ReferenceSlots(n); }, many);

std::vector<RatioRow> anchor_rows_of(u32 capacity_per_node) {
  std::vector<RatioRow> out;
  for (u32 nodes : {10u, 100u, 1000u}) {
    const u32 capacity = nodes * capacity_per_node;
    const std::string name = "anchor place_all, capacity " + std::to_string(capacity_per_node) + "x";
    out.emplace_back(row(name, with(make_anchor(capacity), nodes), nodes), 0.80, [=](RatioRun& run) {
      batch(run, with(make_anchor(capacity), nodes), ReferenceAnchor(nodes, capacity), 2'000'000);
    });
  }
  return out;
}

const auto anchor_full_rows = anchor_rows_of(1);
const auto anchor_tenth_rows = anchor_rows_of(10);

const RatioRow bounded_batch("bounded_load place_all, bound 1.25, 100 nodes", 0.80, [](RatioRun& run) {
  constexpr u64 kKeys = 1'000'000;
  const auto ours = with(make_bounded_load(), 100);
  const ReferenceBounded reference(100, kKeys);
  std::vector<u64> keys(kKeys);
  for (u64 i = 0; i < kKeys; ++i) keys[i] = i;
  std::vector<u32> places(kKeys), reference_places(kKeys);
  run.compare(
      kKeys, [&] { ours->place_all(keys, places); }, [&] { reference.place(keys, reference_places); });
});

// ---- the hash functions, against what one would write by hand: h * 31 + c, byte by byte ------------------

std::uint32_t times_31(std::string_view bytes) {
  std::uint32_t h = 0;
  for (const char c : bytes) h = h * 31 + static_cast<unsigned char>(c);
  return h;
}

// Texts a second; many texts in turn, so that nothing of one is known before the next. Goals: for short ones
// what a look-up can bear; for long ones, not to look at single bytes where the function has words.
template <class Function>
RatioRow function_row(const std::string& name, std::size_t length, double goal, const Function& function) {
  return {name + " of " + std::to_string(length) + " bytes", goal, [=](RatioRun& run) {
            constexpr std::size_t kTexts = 16;
            const std::size_t rounds = 2'500'000 / (length + 64);
            std::string texts;
            for (std::size_t i = 0; i < kTexts * length; ++i) texts += static_cast<char>(i * 7);
            u64 sum = 0;
            const auto hash_all = [&](const auto& hash) {
              for (std::size_t i = 0; i < rounds * kTexts; ++i) {
                sum += static_cast<u64>(hash(std::string_view(texts).substr(i % kTexts * length, length)));
              }
            };
            run.compare(
                static_cast<double>(rounds * kTexts), [&] { hash_all(function); },
                [&] { hash_all(times_31); });
            benchmark::DoNotOptimize(sum);
          }};
}

template <class Function>
std::vector<RatioRow> function_rows(const std::string& name, double short_goal, double long_goal,
                                    const Function& function) {
  return {function_row(name, 16, short_goal, function), function_row(name, 1024, long_goal, function)};
}

const SipKey kSipKey{1, 2};
const auto fnv_rows =
    function_rows("fnv1a, 64 bits,", 0.6, 0.6, [](std::string_view s) { return fnv1a_64(s); });
const auto murmur_rows =
    function_rows("murmur3, 32 bits,", 0.8, 2.0, [](std::string_view s) { return murmur3_x86_32(s); });
const auto murmur_wide_rows =
    function_rows("murmur3, 128 bits,", 0.8, 4.0, [](std::string_view s) { return murmur3_x64_128(s).low; });
const auto xxh3_rows = function_rows("xxh3", 2.0, 8.0, [](std::string_view s) { return hash64(s); });
const auto xxh64_rows =
    function_rows("xxh64", 1.0, 5.0, [](std::string_view s) { return XXH64(s.data(), s.size(), 0); });
const auto sip_24_rows =
    function_rows("siphash 2-4", 0.4, 1.0, [](std::string_view s) { return siphash_2_4(s, kSipKey); });
const auto sip_13_rows =
    function_rows("siphash 1-3", 0.5, 2.0, [](std::string_view s) { return siphash_1_3(s, kSipKey); });
const auto crc_rows = function_rows("crc16", 0.2, 0.2, [](std::string_view s) { return crc16_xmodem(s); });
const auto md5_rows = function_rows("md5", 0.05, 0.3, [](std::string_view s) { return md5_word(md5(s), 0); });

}  // namespace
}  // namespace syslab::bench

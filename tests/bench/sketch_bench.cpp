// Sketches against the same arrays with nothing around them. Hashes are made before, so that the rows show
// the sketches' own work.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <list>
#include <map>
#include <unordered_map>
#include <vector>

#include "core/base/rng.hpp"
#include "core/hash/hash64.hpp"
#include "core/sketch/bloom.hpp"
#include "core/sketch/count_min.hpp"
#include "core/sketch/cuckoo_filter.hpp"
#include "core/sketch/hyperloglog.hpp"
#include "core/sketch/space_saving.hpp"
#include "tests/bench/ratio.hpp"

namespace syslab::bench {
namespace {

constexpr std::size_t kKeys = 1000000;

std::vector<std::uint64_t> hashes(std::uint64_t seed) {
  std::vector<std::uint64_t> all(kKeys);
  for (std::uint64_t i = 0; i < kKeys; ++i) all[i] = hash64(i, seed);
  return all;
}

std::uint64_t place(std::uint64_t hash, std::uint64_t places) {
  __extension__ const auto wide = static_cast<unsigned __int128>(hash) * places;
  return static_cast<std::uint64_t>(wide >> 64);
}

// Plain double hashing over a bit array, of a size that is chosen at run time.
struct ReferenceBloom {
  explicit ReferenceBloom(const BloomOptions& o)
      : bits(o.bits), hashes(o.hashes), words((o.bits + 63) / 64) {}
  void add(std::uint64_t hash) {
    const std::uint64_t step = mix64(hash);
    for (int i = 0; i < hashes; ++i, hash += step) {
      const std::uint64_t bit = place(hash, bits);
      words[bit / 64] |= std::uint64_t{1} << bit % 64;
    }
  }
  bool contains(std::uint64_t hash) const {
    const std::uint64_t step = mix64(hash);
    for (int i = 0; i < hashes; ++i, hash += step) {
      const std::uint64_t bit = place(hash, bits);
      if ((words[bit / 64] >> bit % 64 & 1) == 0) return false;
    }
    return true;
  }
  std::uint64_t bits;
  int hashes;
  std::vector<std::uint64_t> words;
};

const RatioRow bloom_add("bloom add through the face, 1 M keys", 0.70, [](RatioRun& run) {
  const auto keys = hashes(0);
  const std::unique_ptr<MembershipFilter> ours = std::make_unique<Bloom>(bloom_for(kKeys, 0.01));
  ReferenceBloom reference(bloom_for(kKeys, 0.01));
  run.compare(
      kKeys,
      [&] {
        for (const std::uint64_t key : keys) ours->add(key);
      },
      [&] {
        for (const std::uint64_t key : keys) reference.add(key);
      });
});

void bloom_look_up(RatioRun& run, std::uint64_t seed) {
  const auto keys = hashes(0), asked = hashes(seed);
  const std::unique_ptr<MembershipFilter> ours = std::make_unique<Bloom>(bloom_for(kKeys, 0.01));
  ReferenceBloom reference(bloom_for(kKeys, 0.01));
  for (const std::uint64_t key : keys) ours->add(key), reference.add(key);
  std::uint64_t sum = 0;
  run.compare(
      kKeys,
      [&] {
        for (const std::uint64_t key : asked) sum += ours->contains(key);
      },
      [&] {
        for (const std::uint64_t key : asked) sum += reference.contains(key);
      });
  benchmark::DoNotOptimize(sum);
}
const RatioRow bloom_keys("bloom contains, keys", 0.60, [](RatioRun& run) { bloom_look_up(run, 0); });
const RatioRow bloom_strangers("bloom contains, strangers", 0.70,
                               [](RatioRun& run) { bloom_look_up(run, 9); });

// Fingerprints of 16 bits in an array, four a bucket, looked at one by one.
struct ReferenceCuckoo {
  explicit ReferenceCuckoo(std::uint64_t buckets) : mask(buckets - 1), slots(4 * buckets) {}
  static std::uint16_t fingerprint(std::uint64_t hash) { return static_cast<std::uint16_t>(hash >> 48) | 1; }
  std::uint64_t other(std::uint64_t b, std::uint16_t fp) const { return (b ^ fp * 0x5bd1e995ull) & mask; }
  bool in(std::uint64_t b, std::uint16_t fp) const {
    for (int i = 0; i < 4; ++i) {
      if (slots[4 * b + static_cast<std::uint64_t>(i)] == fp) return true;
    }
    return false;
  }
  bool put(std::uint64_t b, std::uint16_t fp) {
    for (int i = 0; i < 4; ++i) {
      auto& slot = slots[4 * b + static_cast<std::uint64_t>(i)];
      if (slot == 0) return slot = fp, true;
    }
    return false;
  }
  bool contains(std::uint64_t hash) const {
    const std::uint16_t fp = fingerprint(hash);
    return in(hash & mask, fp) || in(other(hash & mask, fp), fp);
  }
  void add(std::uint64_t hash) {
    std::uint16_t fp = fingerprint(hash);
    std::uint64_t b = hash & mask;
    if (put(b, fp) || put(other(b, fp), fp)) return;
    for (int kick = 0; kick < 500; ++kick) {
      std::swap(fp, slots[4 * b + (state = mix64(state)) % 4]);
      b = other(b, fp);
      if (put(b, fp)) return;
    }
  }
  std::uint64_t mask;
  std::vector<std::uint16_t> slots;
  std::uint64_t state = 1;
};

const RatioRow cuckoo_contains("cuckoo filter contains, 16 bits, half keys", 0.70, [](RatioRun& run) {
  auto asked = hashes(0);
  const auto ours = make_cuckoo_filter({1 << 18, 16});
  ReferenceCuckoo reference(1 << 18);
  for (std::size_t i = 0; i < kKeys * 9 / 10; ++i) ours->add(asked[i]), reference.add(asked[i]);
  const auto strangers = hashes(9);
  for (std::size_t i = 0; i < kKeys; i += 2) asked[i] = strangers[i];
  std::uint64_t sum = 0;
  run.compare(
      kKeys,
      [&] {
        for (const std::uint64_t key : asked) sum += ours->contains(key);
      },
      [&] {
        for (const std::uint64_t key : asked) sum += reference.contains(key);
      });
  benchmark::DoNotOptimize(sum);
});

const RatioRow cuckoo_add("cuckoo filter add, 16 bits, to 86 % load", 0.70, [](RatioRun& run) {
  const auto keys = hashes(0);
  const auto ours = make_cuckoo_filter({1 << 18, 16});
  run.compare(
      kKeys * 9 / 10.0,
      [&] {
        ours->clear();
        for (std::size_t i = 0; i < kKeys * 9 / 10; ++i) ours->add(keys[i]);
      },
      [&] {
        ReferenceCuckoo reference(1 << 18);
        for (std::size_t i = 0; i < kKeys * 9 / 10; ++i) reference.add(keys[i]);
      });
});

void count(RatioRun& run, bool conservative) {
  const auto keys = hashes(0);
  const CountMinOptions options = count_min_for(0.0001, 0.01);
  CountMin ours({options.width, options.depth, conservative});
  std::vector<std::vector<std::uint64_t>> table(static_cast<std::size_t>(options.depth));
  for (auto& row : table) row.resize(options.width);
  run.compare(
      kKeys,
      [&] {
        for (const std::uint64_t key : keys) ours.add(key);
      },
      [&] {
        for (std::uint64_t key : keys) {
          const std::uint64_t step = mix64(key);
          for (auto& row : table) {
            ++row[place(key, row.size())];
            key += step;
          }
        }
      });
  benchmark::DoNotOptimize(table.data());
}
const RatioRow count_min("count-min add, 5 rows", 0.50, [](RatioRun& run) { count(run, false); });
const RatioRow careful("count-min add, conservative, against plain", 0.25,
                       [](RatioRun& run) { count(run, true); });

const RatioRow registers("hyperloglog add, 6 bits, against an array of bytes", 0.40, [](RatioRun& run) {
  const auto keys = hashes(0);
  HyperLogLog ours(14);
  std::vector<std::uint8_t> reference(1 << 14);
  run.compare(
      kKeys,
      [&] {
        for (const std::uint64_t key : keys) ours.add(key);
      },
      [&] {
        for (const std::uint64_t key : keys) {
          const auto rank = static_cast<std::uint8_t>(std::countl_zero(key << 14 | 1) + 1);
          auto& held = reference[key >> 50];
          held = std::max(held, rank);
        }
      });
  benchmark::DoNotOptimize(reference.data());
});

// The stream summary of the paper with the standard library's lists and tables.
struct ReferenceSummary {
  struct Item {
    std::uint64_t id, error;
  };
  struct Where {
    std::map<std::uint64_t, std::list<Item>>::iterator bucket;
    std::list<Item>::iterator item;
  };
  void add(std::uint64_t id) {
    auto found = index.find(id);
    std::uint64_t error = 0, count = 0;
    if (found != index.end()) {
      error = found->second.item->error;
      count = found->second.bucket->first;
      leave(found->second);
    } else if (index.size() == places) {
      const auto least = buckets.begin();
      const auto victim = least->second.begin();
      error = count = least->first;
      index.erase(victim->id);
      leave({least, victim});
    }
    const auto bucket = buckets.try_emplace(count + 1).first;
    bucket->second.push_back({id, error});
    index[id] = {bucket, std::prev(bucket->second.end())};
  }
  void leave(Where where) {
    where.bucket->second.erase(where.item);
    if (where.bucket->second.empty()) buckets.erase(where.bucket);
  }
  std::size_t places = 1000;
  std::map<std::uint64_t, std::list<Item>> buckets;
  std::unordered_map<std::uint64_t, Where> index;
};

const RatioRow space_saving("space-saving add, 1000 places, skewed, against the standard library", 1.5,
                            [](RatioRun& run) {
                              Rng rng(1);
                              std::vector<std::uint64_t> ids(kKeys);
                              for (auto& id : ids) id = static_cast<std::uint64_t>(1 / (rng.unit() + 1e-6));
                              SpaceSaving ours(1000);
                              ReferenceSummary reference;
                              run.compare(
                                  kKeys,
                                  [&] {
                                    for (const std::uint64_t id : ids) ours.add(id);
                                  },
                                  [&] {
                                    for (const std::uint64_t id : ids) reference.add(id);
                                  });
                            });

}  // namespace
}  // namespace syslab::bench

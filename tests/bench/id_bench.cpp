// Ids against the bare arithmetic: a struct with two numbers, a random generator, a division loop. Virtual
// time.
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/rng.hpp"
#include "core/id/base62.hpp"
#include "core/id/feistel.hpp"
#include "core/id/short_codes.hpp"
#include "core/id/snowflake.hpp"
#include "core/id/ulid.hpp"
#include "core/id/uuid.hpp"
#include "tests/bench/ratio.hpp"

namespace syslab::bench {
namespace {

constexpr int kIds = 4000000;
constexpr std::int64_t kStart = 1'700'000'000'000'000'000;

Instant at(std::int64_t ns) {
  return Instant(Duration(ns));
}

struct ReferenceSnowflake {
  std::int64_t last = -1;
  std::uint64_t sequence = 0;
  std::uint64_t next(std::int64_t ms) {
    if (ms == last) {
      sequence = (sequence + 1) & 4095;
    } else {
      last = ms;
      sequence = 0;
    }
    return static_cast<std::uint64_t>(ms) << 22 | 5 << 12 | sequence;
  }
};

// The call through the face, and an answer that may be an error, cost more than the arithmetic.
const RatioRow snowflake("snowflake through the face", 0.35, [](RatioRun& run) {
  SnowflakeOptions options;
  options.worker = 5;
  const std::unique_ptr<IdGenerator> ours = std::make_unique<Snowflake>(options);
  ReferenceSnowflake reference;
  std::int64_t now = kStart, reference_now = kStart;
  std::uint64_t sum = 0;
  run.compare(
      kIds,
      [&] {
        for (int i = 0; i < kIds; ++i) sum += ours->next(at(now += 300))->id.low;
      },
      [&] {
        for (int i = 0; i < kIds; ++i) sum += reference.next((reference_now += 300) / 1000000);
      });
  benchmark::DoNotOptimize(sum);
});

// Two random words and the time, put together.
std::uint64_t random_id(Rng& rng, std::int64_t now) {
  return (static_cast<std::uint64_t>(now / 1000000) << 16 | (rng.next() & 0xFFFF)) ^ rng.next();
}

template <class Generator>
void random_ids(RatioRun& run, std::unique_ptr<Generator> generator) {
  const std::unique_ptr<IdGenerator> ours = std::move(generator);
  Rng reference(1);
  std::int64_t now = kStart, reference_now = kStart;
  std::uint64_t sum = 0;
  run.compare(
      kIds,
      [&] {
        for (int i = 0; i < kIds; ++i) sum += ours->next(at(now += 300))->id.low;
      },
      [&] {
        for (int i = 0; i < kIds; ++i) sum += random_id(reference, reference_now += 300);
      });
  benchmark::DoNotOptimize(sum);
}

const RatioRow uuid_4("uuid v4 through the face", 0.25, [](RatioRun& run) {
  random_ids(run, std::make_unique<Uuid>(UuidOptions{4, UuidOptions::Monotonic::none}, Rng(1)));
});
const RatioRow uuid_7("uuid v7 counter through the face", 0.25,
                      [](RatioRun& run) { random_ids(run, std::make_unique<Uuid>(UuidOptions{}, Rng(1))); });
const RatioRow ulid("ulid monotonic through the face", 0.25,
                    [](RatioRun& run) { random_ids(run, std::make_unique<Ulid>(UlidOptions{}, Rng(1))); });

const RatioRow base62("base62 encode, 64 bits", 0.70, [](RatioRun& run) {
  const Base62 ours;
  Rng rng(1), reference_rng(1);
  std::size_t sum = 0;
  run.compare(
      kIds / 4,
      [&] {
        for (int i = 0; i < kIds / 4; ++i) sum += static_cast<std::size_t>(ours.encode(rng.next())[3]);
      },
      [&] {
        for (int i = 0; i < kIds / 4; ++i) {
          std::uint64_t n = reference_rng.next();
          std::string text;
          do text += Base62::kAlphabet[n % 62];
          while ((n /= 62) != 0);
          std::reverse(text.begin(), text.end());
          sum += static_cast<std::size_t>(text[3]);
        }
      });
  benchmark::DoNotOptimize(sum);
});

const RatioRow feistel("a permutation of 62^7, against one wide multiplication", 0.02, [](RatioRun& run) {
  const FeistelPermutation ours(3521614606208, 7);
  std::uint64_t sum = 0;
  run.compare(
      kIds,
      [&] {
        for (std::uint64_t i = 0; i < kIds; ++i) sum += ours.permute(i);
      },
      [&] {
        for (std::uint64_t i = 0; i < kIds; ++i) {
          __extension__ const auto wide = static_cast<unsigned __int128>(mix64(i)) * 3521614606208;
          sum += static_cast<std::uint64_t>(wide >> 64);
        }
      });
  benchmark::DoNotOptimize(sum);
});

const RatioRow codes("short codes at random, against std::unordered_map", 0.70, [](RatioRun& run) {
  constexpr int kCodes = 100000;
  const std::string text = "https://example.org/some/page";
  run.compare(
      kCodes,
      [&] {
        ShortCodes ours({});
        for (int i = 0; i < kCodes; ++i) benchmark::DoNotOptimize(ours.assign(text).ok());
      },
      [&] {
        std::unordered_map<std::uint64_t, std::string> reference;
        const Base62 digits;
        Rng rng(1);
        for (int i = 0; i < kCodes; ++i) {
          std::uint64_t code = rng.below(3521614606208);
          while (!reference.emplace(code, text).second) code = rng.below(3521614606208);
          benchmark::DoNotOptimize(digits.encode(code, 7));
        }
      });
});

}  // namespace
}  // namespace syslab::bench

#include "core/id/uuid.hpp"

#include <fmt/format.h>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

constexpr std::uint64_t kMaskA = 0xFFF;
constexpr std::uint64_t kMaskB = 0x3FFFFFFFFFFFFFFF;
constexpr std::string_view kMethods[] = {"none", "counter", "random", "fraction"};

// Apart from next(), which it would make slower.
Expected<Issued> before_1970(Instant now) {
  return make_error("clock_backwards",
                    fmt::format("the clock says {} s, which is before 1970", to_seconds(now)));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Id Uuid::version_4(std::uint64_t high, std::uint64_t low) {
  return {(high & ~std::uint64_t{0xF000}) | 0x4000, (low & kMaskB) | std::uint64_t{1} << 63};
}

Id Uuid::version_7(std::uint64_t ms, std::uint64_t rand_a, std::uint64_t rand_b) {
  return {ms << 16 | 0x7000 | (rand_a & kMaskA), (rand_b & kMaskB) | std::uint64_t{1} << 63};
}

Expected<Issued> Uuid::next(Instant now) {
  if (options_.version == 4) {
    const std::uint64_t high = rng_.next();
    return Issued{version_4(high, rng_.next()), {}};
  }
  if (now < Instant()) return before_1970(now);
  return next_7(static_cast<std::uint64_t>(now.time_since_epoch().count()));
}

Expected<Issued> Uuid::next_7(std::uint64_t ns) {
  using Monotonic = UuidOptions::Monotonic;
  const std::uint64_t ms = ns / 1'000'000;
  // The clock stands or is behind: the last time counts on.
  const bool later = !any_ || ms > ms_;
  any_ = true;
  if (later) ms_ = ms;
  switch (options_.monotonic) {
    case Monotonic::none:
      ms_ = ms;
      a_ = rng_.next() & kMaskA;
      b_ = rng_.next() & kMaskB;
      break;
    case Monotonic::counter:
      if (later) {
        a_ = rng_.next() & (kMaskA >> 1);  // the upper bit is free, so that there is room to count
      } else if (++a_ > kMaskA) {
        ++ms_;
        a_ = rng_.next() & (kMaskA >> 1);
      }
      b_ = rng_.next() & kMaskB;
      break;
    case Monotonic::random:
      if (later) {
        a_ = rng_.next() & kMaskA;
        b_ = rng_.next() & kMaskB;
      } else {
        b_ += 1 + (rng_.next() >> 32);
        if (b_ > kMaskB) {
          b_ &= kMaskB;
          if (++a_ > kMaskA) {
            ++ms_;
            a_ = 0;
          }
        }
      }
      break;
    case Monotonic::fraction: {
      const std::uint64_t fraction = ns % 1'000'000 * 4096 / 1'000'000;
      if (later || (ms == ms_ && fraction > a_)) {
        a_ = fraction;
      } else if (++a_ > kMaskA) {
        ++ms_;
        a_ = 0;
      }
      b_ = rng_.next() & kMaskB;
      break;
    }
  }
  return Issued{version_7(ms_, a_, b_), {}};
}

std::string Uuid::write(Id id) const {
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", id.high >> 32, id.high >> 16 & 0xFFFF,
                     id.high & 0xFFFF, id.low >> 48, id.low & 0xFFFFFFFFFFFF);
}

Expected<Id> Uuid::read(std::string_view text) const {
  if (text.size() != 36) {
    return make_error("malformed", fmt::format("a UUID has 36 characters, and this has {}", text.size()));
  }
  std::uint64_t half[2] = {0, 0};
  int digits = 0;
  for (std::size_t i = 0; i < 36; ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-')
        return make_error("malformed", fmt::format("expected '-' at place {} of a UUID", i + 1));
      continue;
    }
    const int digit = hex_digit(text[i]);
    if (digit < 0)
      return make_error("malformed", fmt::format("expected a hex digit at place {} of a UUID", i + 1));
    half[digits / 16] = half[digits / 16] << 4 | static_cast<std::uint64_t>(digit);
    ++digits;
  }
  return Id{half[0], half[1]};
}

Value Uuid::fields(Id id) const {
  const std::uint64_t version = id.high >> 12 & 0xF;
  // The variant of RFC 9562 is the two bits 10; others are older or reserved.
  Value v =
      Value::map({{"version", static_cast<double>(version)}, {"variant", static_cast<double>(id.low >> 62)}});
  if (version != 7) return v;
  const auto ms = static_cast<double>(id.high >> 16);
  return v.with("ms", ms).with("time", ms / 1000);
}

std::unique_ptr<IdGenerator> Uuid::fresh(const Rng& rng, std::optional<std::uint64_t>) const {
  return std::make_unique<Uuid>(options_, rng);
}

std::string Uuid::describe() const {
  if (options_.version == 4) return "uuid{version = 4}";
  return fmt::format("uuid{{version = 7, monotonic = \"{}\"}}",
                     kMethods[static_cast<int>(options_.monotonic)]);
}

}  // namespace syslab

#include "core/id/ulid.hpp"

#include <fmt/format.h>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kLength = 26;

std::uint64_t ms_of(Id id) {
  return id.high >> 16;
}

}  // namespace

Expected<Issued> Ulid::next(Instant now) {
  const std::int64_t ns = now.time_since_epoch().count();
  if (ns < 0) {
    return make_error("clock_backwards",
                      fmt::format("the clock says {} s, which is before 1970", to_seconds(now)));
  }
  const auto ms = static_cast<std::uint64_t>(ns / 1'000'000);
  if (options_.monotonic && last_ && ms <= ms_of(*last_)) {
    const std::optional<Id> following = successor(*last_);
    if (!following) {
      return make_error("exhausted",
                        fmt::format("the randomness of millisecond {} is used up", ms_of(*last_)));
    }
    last_ = following;
  } else {
    const std::uint64_t top = rng_.next() & 0xFFFF;
    last_ = Id{ms << 16 | top, rng_.next()};
  }
  return Issued{*last_, {}};
}

std::optional<Id> Ulid::successor(Id id) {
  if (++id.low != 0) return id;
  if ((id.high & 0xFFFF) == 0xFFFF) return std::nullopt;
  ++id.high;
  return id;
}

std::string Ulid::text(Id id) {
  std::string out(kLength, '0');
  for (std::size_t i = kLength; i-- > 0;) {
    out[i] = kAlphabet[id.low & 31];
    id.low = id.low >> 5 | id.high << 59;
    id.high >>= 5;
  }
  return out;
}

Expected<Id> Ulid::parse(std::string_view text) {
  if (text.size() != kLength) {
    return make_error("malformed", fmt::format("a ULID has 26 characters, and this has {}", text.size()));
  }
  Id id;
  for (std::size_t i = 0; i < kLength; ++i) {
    const char c = text[i] >= 'a' && text[i] <= 'z' ? static_cast<char>(text[i] - 'a' + 'A') : text[i];
    const std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) {
      return make_error("malformed",
                        fmt::format("place {} of the ULID is not in its alphabet {}", i + 1, kAlphabet));
    }
    if (i == 0 && digit > 7) {
      return make_error("malformed", "a ULID is at most 7ZZZZZZZZZZZZZZZZZZZZZZZZZ; more are over 128 bits");
    }
    id.high = id.high << 5 | id.low >> 59;
    id.low = id.low << 5 | digit;
  }
  return id;
}

std::string Ulid::write(Id id) const {
  return text(id);
}

Value Ulid::fields(Id id) const {
  const auto ms = static_cast<double>(ms_of(id));
  return Value::map({{"ms", ms},
                     {"time", ms / 1000},
                     {"randomness", fmt::format("{:04x}{:016x}", id.high & 0xFFFF, id.low)}});
}

std::unique_ptr<IdGenerator> Ulid::fresh(const Rng& rng, std::optional<std::uint64_t>) const {
  return std::make_unique<Ulid>(UlidOptions{.monotonic = options_.monotonic}, rng);
}

std::string Ulid::describe() const {
  return options_.monotonic ? "ulid{}" : "ulid{monotonic = false}";
}

}  // namespace syslab

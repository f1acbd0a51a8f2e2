#include "core/id/decimal.hpp"

#include <fmt/format.h>

#include <charconv>

namespace syslab {

std::string write_decimal(std::uint64_t number) {
  return fmt::format("{}", number);
}

Expected<std::uint64_t> read_decimal(std::string_view text) {
  if (text.empty()) return make_error("malformed", "expected decimal digits, got an empty text");
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] < '0' || text[i] > '9') {
      return make_error("malformed", fmt::format("expected decimal digits, got byte {} of '{}' at place {}",
                                                 static_cast<int>(static_cast<unsigned char>(text[i])),
                                                 text.substr(0, 40), i + 1));
    }
  }
  if (text.size() > 1 && text[0] == '0') {
    return make_error("malformed", fmt::format("'{}' has a leading zero", text.substr(0, 40)));
  }
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) {
    return make_error("malformed", fmt::format("'{}' is above 18446744073709551615", text.substr(0, 40)));
  }
  return number;
}

}  // namespace syslab

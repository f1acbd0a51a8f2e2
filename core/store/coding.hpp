// How the engines of this family lay numbers and texts out in their blocks: little-endian, fixed width, a
// text after its length.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace syslab {

static_assert(std::endian::native == std::endian::little, "blocks are written as they are in memory");

template <class T>
void put_fixed(std::string& to, T number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  to.append(bytes, sizeof number);
}
inline void put_text(std::string& to, std::string_view text) {
  put_fixed(to, static_cast<std::uint32_t>(text.size()));
  to.append(text);
}

template <class T>
T fixed_at(const char* from) {
  T number;
  std::memcpy(&number, from, sizeof number);
  return number;
}

// Reads what was put, in the same order. Only for bytes whose checksum was right: it does not look for the
// end.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}
  bool done() const { return at_ == end_; }
  template <class T>
  T fixed() {
    const T number = fixed_at<T>(at_);
    at_ += sizeof number;
    return number;
  }
  std::string_view text() {
    const auto size = fixed<std::uint32_t>();
    const std::string_view text(at_, size);
    at_ += size;
    return text;
  }

 private:
  const char* at_;
  const char* end_;
};

}  // namespace syslab

// Value: what travels between nodes. Nil, bool, number, string, list or map; immutable, so that no two nodes can share
// mutable state by accident, and cheap to share (16 bytes, a reference count).
//
// Maps have string keys and keep them sorted, so iteration, hash and JSON are the same everywhere. Not thread-safe.
// Cost: copy O(1); map lookup O(log n); building a map of n keys O(n log n).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"

namespace syslab {

class Value {
 public:
  enum class Type : std::uint8_t { nil, boolean, number, string, list, map };
  using List = std::vector<Value>;
  using Entry = std::pair<std::string, Value>;
  using Map = std::vector<Entry>;  // sorted by key, keys unique

  Value() = default;
  Value(bool b) : type_(Type::boolean) { payload_.number = b ? 1 : 0; }
  Value(double n) : type_(Type::number) { payload_.number = n; }
  Value(int n) : Value(static_cast<double>(n)) {}
  Value(std::string_view s);
  Value(const std::string& s) : Value(std::string_view(s)) {}
  Value(const char* s) : Value(std::string_view(s)) {}
  static Value list(List items);
  static Value map(Map entries);  // sorts; of equal keys the last one stays
  static Value map(std::initializer_list<Entry> entries) { return map(Map(entries)); }

  Value(const Value& other) : type_(other.type_), payload_(other.payload_) {
    if (shares()) ++*payload_.references;
  }
  Value(Value&& other) noexcept : type_(other.type_), payload_(other.payload_) { other.type_ = Type::nil; }
  Value& operator=(Value other) noexcept {
    std::swap(type_, other.type_);
    std::swap(payload_, other.payload_);
    return *this;
  }
  ~Value() {
    if (shares() && --*payload_.references == 0) destroy();
  }

  Type type() const { return type_; }
  bool is_nil() const { return type_ == Type::nil; }
  bool is_number() const { return type_ == Type::number; }
  bool is_string() const { return type_ == Type::string; }
  bool is_list() const { return type_ == Type::list; }
  bool is_map() const { return type_ == Type::map; }

  // Requires: the type named.
  bool boolean() const;
  double number() const;
  std::string_view string() const;
  const List& list() const;
  const Map& map() const;

  bool truthy() const { return type_ != Type::nil && !(type_ == Type::boolean && payload_.number == 0); }
  // The entry of a map, or nil where there is none or this is no map.
  const Value& operator[](std::string_view key) const;
  // A copy of this map (nil counts as empty) with one entry set.
  Value with(std::string_view key, Value value) const;

  bool operator==(const Value& other) const;
  // A total order: by type, then by content. NaN sorts before every number.
  bool operator<(const Value& other) const { return compare(other) < 0; }
  int compare(const Value& other) const;

  // Equal values have equal hashes, on every platform.
  std::uint64_t hash(std::uint64_t seed = 0) const;
  // What it would take on the wire: 1 a scalar tag, 8 a number, the bytes of strings.
  std::size_t size_bytes() const;
  // One line of JSON. NaN and infinities, which JSON lacks, are written as null.
  std::string json() const;
  // Errors: code "unknown" with the byte offset for malformed text or nesting over 100 levels.
  static Expected<Value> parse_json(std::string_view text);

 private:
  template <class T>
  struct Shared {  // the count comes first, so that a Value can reach it without knowing T
    std::uint64_t references;
    T content;
  };
  union Payload {
    double number;
    std::uint64_t* references;
  };

  bool shares() const { return type_ >= Type::string; }
  template <class T>
  const T& content() const;
  template <class T>
  void hold(T content);
  void destroy();

  Type type_ = Type::nil;
  Payload payload_ = {0};
};

}  // namespace syslab

#include "core/base/value.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/base/assert.hpp"
#include "core/base/rng.hpp"

namespace syslab {
namespace {

const Value kNil;
constexpr int kMaxDepth = 100;

template <class Word>
Word load(const char* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// The words that bytes make, the same on every machine.
std::uint64_t little_endian(const char* bytes) {
  const auto word = load<std::uint64_t>(bytes);
  return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
}
std::uint64_t big_endian(const char* bytes) {
  return __builtin_bswap64(little_endian(bytes));
}

// Eight bytes a step, and the rest, fewer than eight, as one number with the first byte highest.
std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t h) {
  const std::size_t n = bytes.size();
  h ^= mix64(n);
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) h = mix64(h ^ little_endian(bytes.data() + i));
  std::uint64_t rest = 0;
  if (i > 0 && i < n) {
    rest = big_endian(bytes.data() + n - 8) & (~std::uint64_t{0} >> (64 - 8 * (n - i)));
  } else {
    for (; i < n; ++i) rest = rest << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return mix64(h ^ rest);
}

// Keys are short: a call for each comparison would cost more than the comparison.
bool same_key(const std::string& a, std::string_view b) {
  const std::size_t n = a.size();
  if (n != b.size()) return false;
  const char *x = a.data(), *y = b.data();
  if (n > 16) return std::memcmp(x, y, n) == 0;
  if (n >= 8) {
    return load<std::uint64_t>(x) == load<std::uint64_t>(y) &&
           load<std::uint64_t>(x + n - 8) == load<std::uint64_t>(y + n - 8);
  }
  if (n >= 4) {
    return load<std::uint32_t>(x) == load<std::uint32_t>(y) &&
           load<std::uint32_t>(x + n - 4) == load<std::uint32_t>(y + n - 4);
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (x[i] != y[i]) return false;
  }
  return true;
}

bool before(const Value::Entry& a, const Value::Entry& b) {
  const auto x = static_cast<unsigned char>(a.first.c_str()[0]);
  const auto y = static_cast<unsigned char>(b.first.c_str()[0]);
  return x != y ? x < y : a.first < b.first;
}

// Sorts by key, entries of equal keys in the order given. Maps are small, and mostly written down in order.
void sort_entries(Value::Map& entries) {
  constexpr std::size_t kFew = 24;
  if (entries.size() > kFew) {
    std::stable_sort(entries.begin(), entries.end(), before);
    return;
  }
  for (std::size_t i = 1; i < entries.size(); ++i) {
    if (!before(entries[i], entries[i - 1])) continue;
    Value::Entry entry = std::move(entries[i]);
    std::size_t k = i;
    do {
      entries[k] = std::move(entries[k - 1]);
      --k;
    } while (k > 0 && before(entry, entries[k - 1]));
    entries[k] = std::move(entry);
  }
}

template <class T>
int three_way(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

int compare_numbers(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return three_way(!std::isnan(a), !std::isnan(b));
  return three_way(a, b);
}

using Json = nlohmann::ordered_json;

Json to_json(const Value& value) {
  switch (value.type()) {
    case Value::Type::nil:
      return nullptr;
    case Value::Type::boolean:
      return value.boolean();
    case Value::Type::number: {
      const double n = value.number();
      if (!std::isfinite(n)) return nullptr;
      if (n == std::floor(n) && std::fabs(n) < 0x1p53) return static_cast<std::int64_t>(n);
      return n;
    }
    case Value::Type::string:
      return std::string(value.string());
    case Value::Type::list: {
      Json out = Json::array();
      for (const Value& item : value.list()) out.push_back(to_json(item));
      return out;
    }
    case Value::Type::map: {
      Json out = Json::object();
      for (const auto& [key, item] : value.map()) out[key] = to_json(item);
      return out;
    }
  }
  return nullptr;
}

Value from_json(const Json& json) {
  switch (json.type()) {
    case Json::value_t::boolean:
      return json.get<bool>();
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return json.get<double>();
    case Json::value_t::string:
      return json.get_ref<const std::string&>();
    case Json::value_t::array: {
      Value::List items;
      for (const Json& item : json) items.push_back(from_json(item));
      return Value::list(std::move(items));
    }
    case Json::value_t::object: {
      Value::Map entries;
      for (const auto& [key, item] : json.items()) entries.emplace_back(key, from_json(item));
      return Value::map(std::move(entries));
    }
    default:
      return {};
  }
}

}  // namespace

// What a list or map would take on the wire is asked again and again, by the network and the disks. It is
// kept behind the content, 0 until it has been asked for; atomic, because threads of a checker may ask one
// value at the same time.
template <class Shared>
struct Sized {
  Shared shared;
  std::size_t size_bytes;
};
template <class Count>
std::size_t once(std::size_t& kept, Count&& count) {
  const std::atomic_ref<std::size_t> size(kept);
  std::size_t n = size.load(std::memory_order_relaxed);
  if (n == 0) size.store(n = count(), std::memory_order_relaxed);
  return n;
}

template <class T>
const T& Value::content() const {
  return reinterpret_cast<const Shared<T>*>(payload_.references)->content;
}

template <class T>
void Value::hold(T content) {
  auto* block = new Sized<Shared<T>>{{1, std::move(content)}, 0};
  payload_.references = &block->shared.references;
}

void Value::destroy() {
  switch (type_) {
    case Type::string:
      delete reinterpret_cast<Sized<Shared<std::string>>*>(payload_.references);
      break;
    case Type::list:
      delete reinterpret_cast<Sized<Shared<List>>*>(payload_.references);
      break;
    default:
      delete reinterpret_cast<Sized<Shared<Map>>*>(payload_.references);
  }
}

Value::Value(std::string_view s) : type_(Type::string) {
  hold(std::string(s));
}

Value Value::list(List items) {
  Value v;
  v.hold(std::move(items));
  v.type_ = Type::list;
  return v;
}

Value Value::map(Map entries) {
  sort_entries(entries);
  std::size_t last = 0;  // of what stays
  for (std::size_t i = 1; i < entries.size(); ++i) {
    if (same_key(entries[i].first, entries[last].first)) {
      entries[last].second = std::move(entries[i].second);
    } else if (++last != i) {
      entries[last] = std::move(entries[i]);
    }
  }
  if (!entries.empty()) entries.resize(last + 1);
  Value v;
  v.hold(std::move(entries));
  v.type_ = Type::map;
  return v;
}

bool Value::boolean() const {
  SYSLAB_ASSERT(type_ == Type::boolean);
  return payload_.number != 0;
}

double Value::number() const {
  SYSLAB_ASSERT(type_ == Type::number);
  return payload_.number;
}

std::string_view Value::string() const {
  SYSLAB_ASSERT(type_ == Type::string);
  return content<std::string>();
}

const Value::List& Value::list() const {
  SYSLAB_ASSERT(type_ == Type::list);
  return content<List>();
}

const Value::Map& Value::map() const {
  SYSLAB_ASSERT(type_ == Type::map);
  return content<Map>();
}

const Value& Value::operator[](std::string_view key) const {
  if (type_ != Type::map) return kNil;
  const Map& entries = content<Map>();
  constexpr std::size_t kFew = 8;
  if (entries.size() <= kFew) {
    for (const Entry& entry : entries) {
      if (same_key(entry.first, key)) return entry.second;
    }
    return kNil;
  }
  auto it = std::lower_bound(entries.begin(), entries.end(), key,
                             [](const Entry& entry, std::string_view k) { return entry.first < k; });
  return it != entries.end() && it->first == key ? it->second : kNil;
}

Value Value::with(std::string_view key, Value value) const {
  Map entries = is_nil() ? Map() : map();
  entries.emplace_back(std::string(key), std::move(value));
  return Value::map(std::move(entries));
}

bool Value::operator==(const Value& other) const {
  return compare(other) == 0;
}

int Value::compare(const Value& other) const {
  if (type_ != other.type_) return three_way(type_, other.type_);
  if (shares() && payload_.references == other.payload_.references) return 0;
  switch (type_) {
    case Type::nil:
      return 0;
    case Type::boolean:
    case Type::number:
      return compare_numbers(payload_.number, other.payload_.number);
    case Type::string:
      return three_way(string(), other.string());
    case Type::list: {
      const List &a = list(), &b = other.list();
      for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        if (int c = a[i].compare(b[i])) return c;
      }
      return three_way(a.size(), b.size());
    }
    case Type::map: {
      const Map &a = map(), &b = other.map();
      for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        if (int c = three_way(a[i].first, b[i].first)) return c;
        if (int c = a[i].second.compare(b[i].second)) return c;
      }
      return three_way(a.size(), b.size());
    }
  }
  return 0;
}

std::uint64_t Value::hash(std::uint64_t seed) const {
  std::uint64_t h = mix64(seed ^ static_cast<std::uint64_t>(type_));
  switch (type_) {
    case Type::nil:
      break;
    case Type::boolean:
    case Type::number: {
      double n = payload_.number;
      if (n == 0) n = 0;  // -0 equals 0
      h = mix64(h ^ (std::isnan(n) ? ~0ull : std::bit_cast<std::uint64_t>(n)));
      break;
    }
    case Type::string:
      h = hash_bytes(string(), h);
      break;
    case Type::list:
      for (const Value& item : list()) h = item.hash(h);
      h = mix64(h ^ list().size());
      break;
    case Type::map:
      for (const auto& [key, item] : map()) h = item.hash(hash_bytes(key, h));
      h = mix64(h ^ map().size());
      break;
  }
  return h;
}

std::size_t Value::size_bytes() const {
  switch (type_) {
    case Type::nil:
    case Type::boolean:
      return 1;
    case Type::number:
      return 9;
    case Type::string:
      return 5 + string().size();
    case Type::list:
      return once(reinterpret_cast<Sized<Shared<List>>*>(payload_.references)->size_bytes, [this] {
        std::size_t n = 5;
        for (const Value& item : list()) n += item.size_bytes();
        return n;
      });
    case Type::map:
      return once(reinterpret_cast<Sized<Shared<Map>>*>(payload_.references)->size_bytes, [this] {
        std::size_t n = 5;
        for (const auto& [key, item] : map()) n += 5 + key.size() + item.size_bytes();
        return n;
      });
  }
  return 0;
}

std::string Value::json() const {
  // Bytes that are not UTF-8 become U+FFFD: an export never throws.
  return to_json(*this).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Expected<Value> Value::parse_json(std::string_view text) {
  bool too_deep = false;
  const auto guard = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > kMaxDepth) too_deep = true;
    return !too_deep;
  };
  try {
    const Json json = Json::parse(text, guard);
    if (too_deep) return make_error("unknown", "JSON is nested over 100 levels deep");
    return from_json(json);
  } catch (const Json::parse_error& e) {
    return make_error("unknown", "malformed JSON at byte " + std::to_string(e.byte));
  }
}

}  // namespace syslab

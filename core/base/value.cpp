#include "core/base/value.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/assert.hpp"
#include "core/base/rng.hpp"

namespace syslab {
namespace {

const Value kNil;
constexpr int kMaxDepth = 100;

std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t h) {
  // Eight bytes a step, little-endian by construction, so that the hash does not depend on the machine.
  h ^= mix64(bytes.size());
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    for (int k = 7; k >= 0; --k) word = word << 8 | static_cast<unsigned char>(bytes[i + static_cast<std::size_t>(k)]);
    h = mix64(h ^ word);
  }
  std::uint64_t rest = 0;
  for (; i < bytes.size(); ++i) rest = rest << 8 | static_cast<unsigned char>(bytes[i]);
  return mix64(h ^ rest);
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

template <class T>
const T& Value::content() const {
  return reinterpret_cast<const Shared<T>*>(payload_.references)->content;
}

template <class T>
void Value::hold(T content) {
  auto* shared = new Shared<T>{1, std::move(content)};
  payload_.references = &shared->references;
}

void Value::destroy() {
  switch (type_) {
    case Type::string:
      delete reinterpret_cast<Shared<std::string>*>(payload_.references);
      break;
    case Type::list:
      delete reinterpret_cast<Shared<List>*>(payload_.references);
      break;
    default:
      delete reinterpret_cast<Shared<Map>*>(payload_.references);
  }
}

Value::Value(std::string_view s) : type_(Type::string) { hold(std::string(s)); }

Value Value::list(List items) {
  Value v;
  v.hold(std::move(items));
  v.type_ = Type::list;
  return v;
}

Value Value::map(Map entries) {
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.first < b.first; });
  Map unique;
  unique.reserve(entries.size());
  for (Entry& entry : entries) {
    if (!unique.empty() && unique.back().first == entry.first) {
      unique.back().second = std::move(entry.second);
    } else {
      unique.push_back(std::move(entry));
    }
  }
  Value v;
  v.hold(std::move(unique));
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
  auto it = std::lower_bound(entries.begin(), entries.end(), key,
                             [](const Entry& entry, std::string_view k) { return entry.first < k; });
  return it != entries.end() && it->first == key ? it->second : kNil;
}

Value Value::with(std::string_view key, Value value) const {
  Map entries = is_nil() ? Map() : map();
  entries.emplace_back(std::string(key), std::move(value));
  return Value::map(std::move(entries));
}

bool Value::operator==(const Value& other) const { return compare(other) == 0; }

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
    case Type::list: {
      std::size_t n = 5;
      for (const Value& item : list()) n += item.size_bytes();
      return n;
    }
    case Type::map: {
      std::size_t n = 5;
      for (const auto& [key, item] : map()) n += 5 + key.size() + item.size_bytes();
      return n;
    }
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

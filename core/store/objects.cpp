#include "core/store/objects.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/base/nearest.hpp"

namespace syslab {
namespace {

Error refused(std::string_view code, std::string message) {
  return Error{std::string(code), std::move(message), true};
}

template <class T>
Value count(T n) {
  return static_cast<double>(n);
}

std::string text_of(const Value& value) {
  return value.is_string() ? std::string(value.string()) : std::string();
}

// An empty table of a script is a list, and a map without entries, too.
bool is_table(const Value& v) {
  return v.is_map() || v.is_list();
}

std::string hex(const Md5Digest& digest) {
  static const char* const digits = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : digest) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

Md5Digest digest_of_size(std::uint64_t size, const std::string& content) {
  std::string text = "@";
  text += std::to_string(size);
  return md5(text += ":" + content);
}

// A whole number of the arguments, or what stands for it.
Expected<std::uint64_t> whole(const Value& a, const char* name, std::uint64_t otherwise) {
  const Value& given = a[name];
  if (given.is_nil()) return otherwise;
  if (!given.is_number() || !(given.number() >= 0) || given.number() > 9e15 ||
      given.number() != std::floor(given.number())) {
    return refused("InvalidArgument", std::string(name) + " is no whole number of at least 0");
  }
  return static_cast<std::uint64_t>(given.number());
}

// ETags may be given in quotes, as HTTP has them.
std::string etag_of(const Value& value) {
  std::string text = text_of(value);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return text;
}

std::string bytes_of(const Value& body) {
  return body.is_string() ? std::string(body.string()) : body.json();
}

// What requests are counted by: all of the path but its last part.
std::string_view prefix_of_key(std::string_view key) {
  const std::size_t slash = key.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : key.substr(0, slash + 1);
}

// Takes the value out of an Expected, or leaves with its error.
#define SYSLAB_TAKE(variable, expression)           \
  auto variable##_or = (expression);                \
  if (!variable##_or) return variable##_or.error(); \
  auto& variable = *variable##_or

}  // namespace

std::optional<NameProblem> bucket_name_problem(std::string_view name) {
  // Amazon S3 user guide, "General purpose bucket naming rules".
  const auto letter_or_digit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (name.size() < 3) return NameProblem{"TooShort", "a bucket name has at least 3 characters"};
  if (name.size() > 63) return NameProblem{"TooLong", "a bucket name has at most 63 characters"};
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') return NameProblem{"UpperCase", "a bucket name has no capital letters"};
    if (!letter_or_digit(c) && c != '.' && c != '-') {
      return NameProblem{"BadCharacter", "a bucket name consists of a-z, 0-9, dots and hyphens"};
    }
  }
  if (!letter_or_digit(name.front())) {
    return NameProblem{"BadBegin", "a bucket name begins with a letter or a digit"};
  }
  if (!letter_or_digit(name.back()))
    return NameProblem{"BadEnd", "a bucket name ends with a letter or a digit"};
  if (name.find("..") != std::string_view::npos) {
    return NameProblem{"AdjacentDots", "a bucket name has no two dots side by side"};
  }
  const bool digits_and_dots =
      std::all_of(name.begin(), name.end(), [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  if (digits_and_dots && std::count(name.begin(), name.end(), '.') == 3) {
    return NameProblem{"IpAddress", "a bucket name does not look like an IP address"};
  }
  for (const std::string_view prefix : {"xn--", "sthree-", "amzn-s3-demo-"}) {
    if (name.starts_with(prefix)) {
      return NameProblem{"ReservedPrefix", "a bucket name does not begin with '" + std::string(prefix) + "'"};
    }
  }
  for (const std::string_view suffix : {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"}) {
    if (name.ends_with(suffix)) {
      return NameProblem{"ReservedSuffix", "a bucket name does not end with '" + std::string(suffix) + "'"};
    }
  }
  return std::nullopt;
}

ObjectStore::ObjectStore(ObjectStoreOptions options)
    : options_(std::move(options)),
      meters_(options_.profile.classes.size() + options_.profile.tiers.size()),
      spent_(options_.profile.classes.size()),
      rng_(Rng(options_.seed).split("readers")) {}

const std::map<std::string, ObjectStore::Operation, std::less<>>& ObjectStore::table() {
  using enum Kind;
  static const std::map<std::string, Operation, std::less<>> table = {
      {"create_bucket", {write, &ObjectStore::create_bucket}},
      {"delete_bucket", {write, &ObjectStore::delete_bucket}},
      {"list_buckets", {read, &ObjectStore::list_buckets}},
      {"set_versioning", {write, &ObjectStore::set_versioning}},
      {"put_object", {write, &ObjectStore::put_object}},
      {"get_object", {read, &ObjectStore::get_object}},
      {"head_object", {read, &ObjectStore::head_object}},
      {"delete_object", {write, &ObjectStore::delete_object}},
      {"copy_object", {write, &ObjectStore::copy_object}},
      {"list_objects", {read, &ObjectStore::list_objects}},
      {"list_versions", {read, &ObjectStore::list_versions}},
      {"create_upload", {write, &ObjectStore::create_upload}},
      {"upload_part", {write, &ObjectStore::upload_part}},
      {"list_parts", {read, &ObjectStore::list_parts}},
      {"list_uploads", {read, &ObjectStore::list_uploads}},
      {"complete_upload", {write, &ObjectStore::complete_upload}},
      {"abort_upload", {write, &ObjectStore::abort_upload}},
      {"set_lifecycle", {write, &ObjectStore::set_lifecycle}},
      {"get_lifecycle", {read, &ObjectStore::get_lifecycle}},
      {"set_notifications", {write, &ObjectStore::set_notifications}},
      {"restore_object", {write, &ObjectStore::restore_object}},
  };
  return table;
}

std::optional<ObjectStore::Kind> ObjectStore::kind_of(std::string_view operation) {
  const auto found = table().find(operation);
  return found == table().end() ? std::nullopt : std::optional(found->second.kind);
}

std::vector<std::string> ObjectStore::operations() {
  std::vector<std::string> names;
  for (const auto& [name, operation] : table()) names.push_back(name);
  return names;
}

Result ObjectStore::perform(Instant now, std::string_view operation, const Value& arguments) {
  advance(now);
  SYSLAB_TAKE(admitted, admit(now, operation, arguments));
  (void)admitted;
  return apply(operation, arguments);
}

Expected<bool> ObjectStore::admit(Instant now, std::string_view operation, const Value& arguments) {
  const auto kind = kind_of(operation);
  SYSLAB_ASSERT(kind.has_value());
  const bool list = operation == "list_objects" || operation == "list_versions";
  const Value& path = list ? arguments["prefix"] : arguments["key"];
  const double rate = *kind == Kind::write ? options_.profile.writes_max : options_.profile.reads_max;
  if (rate <= 0 || (!list && !path.is_string())) return true;
  const std::string prefix(prefix_of_key(path.is_string() ? path.string() : std::string_view()));
  // A bucket of a second's worth of requests, as the time at which it will be full (a GCRA).
  const std::string name = (*kind == Kind::write ? "w" : "r") + text_of(arguments["bucket"]) + "/" + prefix;
  const auto bucket = full_at_.emplace(name, now).first;
  const Instant full = std::max(bucket->second, now) + from_seconds(1 / rate);
  if (full > saturating_add(now, std::max(Duration(std::chrono::seconds(1)), from_seconds(1 / rate)))) {
    return refused("SlowDown", "the prefix '" + prefix + "' takes " + Value(rate).json() +
                                   (*kind == Kind::write ? " writes" : " reads") + " a second");
  }
  bucket->second = full;
  return true;
}

Result ObjectStore::apply(std::string_view operation, const Value& arguments) {
  const auto found = table().find(operation);
  SYSLAB_ASSERT(found != table().end());
  return (this->*found->second.action)(arguments);
}

Result ObjectStore::read_at(Instant now, std::string_view operation, const Value& arguments) {
  const Instant before = now_;
  now_ = std::max(now_, now);
  Result result = apply(operation, arguments);
  now_ = before;
  return result;
}

// ---- arguments

Expected<ObjectStore::Bucket*> ObjectStore::bucket_of(const Value& a) {
  const auto found = a["bucket"].is_string() ? buckets_.find(a["bucket"].string()) : buckets_.end();
  if (found == buckets_.end()) {
    return refused("NoSuchBucket", "the bucket '" + text_of(a["bucket"]) + "' does not exist");
  }
  return &found->second;
}

Expected<std::string> ObjectStore::key_of(const Value& a) const {
  const std::string key = text_of(a["key"]);
  if (key.empty()) return refused("InvalidArgument", "a key is a text of at least one byte");
  if (key.size() > options_.profile.key_bytes_max) {
    return refused("KeyTooLongError",
                   "a key has at most " + std::to_string(options_.profile.key_bytes_max) + " bytes");
  }
  return key;
}

Expected<std::size_t> ObjectStore::class_of(const Value& a) const {
  if (a["class"].is_nil()) return std::size_t{0};
  std::vector<std::string> names;
  for (std::size_t i = 0; i < options_.profile.classes.size(); ++i) {
    if (a["class"] == Value(options_.profile.classes[i].name)) return i;
    names.push_back(options_.profile.classes[i].name);
  }
  return refused("InvalidStorageClass",
                 "there is no class " + a["class"].json() + did_you_mean(text_of(a["class"]), names));
}

Expected<ObjectStore::Content> ObjectStore::content_of(const Value& a) const {
  Content content;
  if (!a["size"].is_nil()) {
    SYSLAB_TAKE(size, whole(a, "size", 0));
    content.size = size;
    content.content = text_of(a["content"]);
    content.digest = digest_of_size(size, content.content);
    return content;
  }
  if (a["records"].is_list()) {
    std::string lines;  // as a delivery stream sends them
    for (const Value& record : a["records"].list()) lines += bytes_of(record) + "\n";
    content.body = Value(lines);
  } else {
    content.body = a["body"].is_nil() ? Value("") : a["body"];
  }
  const std::string bytes = bytes_of(content.body);
  content.size = bytes.size();
  content.digest = md5(bytes);
  return content;
}

// The part of a content that a range names; `told` gets {first, last}.
Expected<ObjectStore::Content> ObjectStore::cut(const Content& whole, const Value& range, Value* told) const {
  if (range.is_nil()) return whole;
  const Error bad =
      refused("InvalidRange", "a range is 'bytes=FIRST-LAST', 'bytes=FIRST-' or 'bytes=-COUNT'");
  if (!range.is_string() || !range.string().starts_with("bytes=")) return bad;
  const std::string_view text = range.string().substr(6);
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return bad;
  const auto parse = [](std::string_view digits) -> std::optional<std::uint64_t> {
    std::uint64_t n = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
    if (digits.empty() || problem != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return n;
  };
  const auto first = parse(text.substr(0, dash)), last = parse(text.substr(dash + 1));
  if ((!first && dash > 0) || (!last && dash + 1 < text.size()) || (!first && !last)) return bad;
  std::uint64_t from = 0, to = 0;
  if (first) {
    if (*first >= whole.size || (last && *last < *first)) {
      return refused("InvalidRange", "the object has " + std::to_string(whole.size) + " bytes");
    }
    from = *first;
    to = last ? std::min(*last, whole.size - 1) : whole.size - 1;
  } else {
    if (*last == 0 || whole.size == 0) {
      return refused("InvalidRange", "the object has " + std::to_string(whole.size) + " bytes");
    }
    from = whole.size - std::min(*last, whole.size);
    to = whole.size - 1;
  }
  Content part;
  part.size = to - from + 1;
  if (whole.body.is_nil()) {
    part.content = whole.content + "[" + std::to_string(from) + "-" + std::to_string(to) + "]";
    part.digest = digest_of_size(part.size, part.content);
  } else {
    const std::string bytes = bytes_of(whole.body).substr(from, part.size);
    part.body = Value(bytes);
    part.digest = md5(bytes);
  }
  if (told != nullptr) *told = Value::map({{"first", count(from)}, {"last", count(to)}});
  return part;
}

// ---- what a reader sees

Duration ObjectStore::delay_of(std::uint64_t n, std::uint64_t replica) const {
  const double share = Rng(options_.seed).split(n).split(replica).unit();
  return Duration(static_cast<std::int64_t>(share * static_cast<double>(options_.lag.count())));
}

ObjectStore::VersionPtr ObjectStore::seen(const Key& key, std::uint64_t replica, bool listing) const {
  if (!eventual()) {
    return key.versions.empty() || key.versions.back()->marker ? nullptr : key.versions.back();
  }
  for (auto past = key.past.rbegin(); past != key.past.rend(); ++past) {
    if (past->at + delay_of(past->number, replica) <= now_) return past->version;
  }
  return !listing && key.fresh && !key.past.empty() ? key.past.front().version : nullptr;
}

void ObjectStore::changed(Bucket& bucket, const std::string& name, Key& key) {
  if (eventual()) {
    if (key.past.empty()) {
      const auto missed = bucket.missed.find(name);
      key.fresh = missed == bucket.missed.end() || missed->second + options_.lag < now_;
    }
    // Older than the last change that everybody has heard of is of no use.
    for (std::size_t i = key.past.size(); i-- > 0;) {
      if (key.past[i].at + options_.lag > now_) continue;
      key.past.erase(key.past.begin(), key.past.begin() + static_cast<std::ptrdiff_t>(i));
      break;
    }
    const bool gone = key.versions.empty() || key.versions.back()->marker;
    key.past.push_back({now_, next_number_++, gone ? nullptr : key.versions.back()});
  } else if (key.versions.empty()) {
    bucket.keys.erase(bucket.keys.find(name));
    return;
  }
  expect_key(bucket, name, key);
}

Value ObjectStore::version_id(const Version& v) const {
  return v.null_id ? Value("null") : Value("v" + std::to_string(v.number));
}

Expected<ObjectStore::VersionPtr> ObjectStore::find(Bucket& bucket, const Value& a, bool for_read) {
  SYSLAB_TAKE(name, key_of(a));
  const auto key = bucket.keys.find(name);
  if (!a["version"].is_nil()) {
    if (key != bucket.keys.end()) {
      for (const VersionPtr& v : key->second.versions) {
        if (version_id(*v) != a["version"]) continue;
        if (v->marker)
          return refused("MethodNotAllowed", "this version of '" + name + "' is a delete marker");
        return v;
      }
    }
    return refused("NoSuchVersion", "'" + name + "' has no version " + a["version"].json());
  }
  VersionPtr found;
  if (key != bucket.keys.end()) {
    const std::uint64_t replica = for_read && eventual() ? rng_.below(options_.replicas) : 0;
    const Key& k = key->second;
    found = for_read ? seen(k, replica, false)
                     : (k.versions.empty() || k.versions.back()->marker ? nullptr : k.versions.back());
  }
  if (found != nullptr) return found;
  if (eventual() && for_read) bucket.missed[name] = now_;
  const bool marker =
      key != bucket.keys.end() && !key->second.versions.empty() && key->second.versions.back()->marker;
  return refused("NoSuchKey",
                 "there is no '" + name + "'" + (marker ? ": its newest version is a delete marker" : ""));
}

Expected<bool> ObjectStore::readable(const Version& v) const {
  if (!options_.profile.classes[v.cls].archived()) return true;
  if (v.restored && v.restored->done && now_ < v.restored->until) return true;
  return refused("InvalidObjectState",
                 "the object is in " + options_.profile.classes[v.cls].name + " and must be restored first");
}

Result ObjectStore::look(const Value& a, bool with_body) {
  SYSLAB_TAKE(bucket, bucket_of(a));
  SYSLAB_TAKE(v, find(*bucket, a, true));
  if (!a["if_match"].is_nil() && a["if_match"] != Value("*") && etag_of(a["if_match"]) != v->etag) {
    return refused("PreconditionFailed", "the ETag is " + v->etag);
  }
  if (!a["if_none_match"].is_nil() &&
      (a["if_none_match"] == Value("*") || etag_of(a["if_none_match"]) == v->etag)) {
    return refused("NotModified", "the ETag is still " + v->etag);
  }
  Value range;
  Content part = v->content;
  if (with_body) {
    SYSLAB_TAKE(may, readable(*v));
    (void)may;
    SYSLAB_TAKE(piece, cut(v->content, a["range"], &range));
    part = piece;
    charge_retrieval(*v, part.size);
  }
  charge_requests(v->cls, false);
  Value::Map answer = {{"etag", v->etag},
                       {"size", count(v->content.size)},
                       {"modified", to_seconds(v->modified)},
                       {"class", options_.profile.classes[v->cls].name}};
  if (!v->metadata.is_nil()) answer.emplace_back("metadata", v->metadata);
  if (!v->tags.is_nil()) answer.emplace_back("tags", v->tags);
  if (bucket->versioning != Versioning::never) answer.emplace_back("version", version_id(*v));
  if (v->parts > 0) answer.emplace_back("parts", count(v->parts));
  if (options_.profile.classes[v->cls].tiering)
    answer.emplace_back("tier", options_.profile.tiers[v->tier].name);
  if (v->restored) {
    answer.emplace_back("restore", Value::map({{"ongoing", !v->restored->done},
                                               {"ready", to_seconds(v->restored->ready)},
                                               {"until", to_seconds(v->restored->until)}}));
  }
  if (with_body) {
    answer.emplace_back("length", count(part.size));
    if (!part.body.is_nil()) answer.emplace_back("body", part.body);
    if (part.body.is_nil()) answer.emplace_back("content", v->content.content);
    if (!range.is_nil()) answer.emplace_back("range", range);
  }
  if (with_body && options_.profile.classes[v->cls].tiering) {
    // Somebody reads it: back to the first tier.
    if (v->tier != 0) {
      bill_version(*v, false);
      v->tier = 0;
      bill_version(*v, true);
    }
    v->read = now_;
    expect_key(*bucket, text_of(a["key"]), bucket->keys.find(text_of(a["key"]))->second);
  }
  return Value::map(std::move(answer));
}

bool ObjectStore::touches(std::string_view operation, const Value& a) {
  if (operation != "get_object") return false;
  const auto bucket = bucket_of(a);
  if (!bucket) return false;
  const auto v = find(**bucket, a, false);
  return v.ok() && options_.profile.classes[(*v)->cls].tiering;
}

Result ObjectStore::get_object(const Value& a) {
  return look(a, true);
}
Result ObjectStore::head_object(const Value& a) {
  return look(a, false);
}

// ---- buckets

Result ObjectStore::create_bucket(const Value& a) {
  if (!a["bucket"].is_string()) return refused("InvalidBucketName", "a bucket has a name, a text");
  const std::string name = text_of(a["bucket"]);
  if (const auto problem = bucket_name_problem(name)) {
    return refused("InvalidBucketName",
                   std::string(problem->rule) + ": " + problem->message + ", this is '" + name + "'");
  }
  if (buckets_.contains(name)) return refused("BucketAlreadyOwnedByYou", "there is a bucket '" + name + "'");
  if (buckets_.size() >= options_.profile.buckets_max) {
    return refused("TooManyBuckets",
                   "an account has at most " + std::to_string(options_.profile.buckets_max));
  }
  Bucket bucket{.name = name, .created = now_};
  bucket.versioning = a["versioning"].truthy() ? Versioning::enabled : Versioning::never;
  buckets_.emplace(name, std::move(bucket));
  return Value(true);
}

Result ObjectStore::delete_bucket(const Value& a) {
  SYSLAB_TAKE(bucket, bucket_of(a));
  for (const auto& [name, key] : bucket->keys) {
    if (!key.versions.empty()) return refused("BucketNotEmpty", "there is '" + name + "' in it");
  }
  if (!bucket->uploads.empty()) return refused("BucketNotEmpty", "an upload is under way");
  buckets_.erase(buckets_.find(a["bucket"].string()));
  refresh_due();
  return Value(true);
}

Result ObjectStore::list_buckets(const Value&) {
  Value::List list;
  for (const auto& [name, bucket] : buckets_) {
    list.push_back(Value::map({{"name", name}, {"created", to_seconds(bucket.created)}}));
  }
  return Value::list(std::move(list));
}

Result ObjectStore::set_versioning(const Value& a) {
  SYSLAB_TAKE(bucket, bucket_of(a));
  if (a["status"] == Value("enabled")) {
    bucket->versioning = Versioning::enabled;
  } else if (a["status"] == Value("suspended")) {
    bucket->versioning = Versioning::suspended;
  } else {
    return refused("InvalidArgument", "versioning is 'enabled' or 'suspended'; it cannot be taken back");
  }
  return Value(true);
}

// ---- writes

Expected<bool> ObjectStore::check_write(const Bucket& bucket, const std::string& name, const Value& a) const {
  const auto key = bucket.keys.find(name);
  const bool there =
      key != bucket.keys.end() && !key->second.versions.empty() && !key->second.versions.back()->marker;
  if (!a["if_none_match"].is_nil()) {
    if (a["if_none_match"] != Value("*"))
      return refused("InvalidArgument", "if_none_match of a write is '*'");
    if (there) return refused("PreconditionFailed", "there is an object '" + name + "'");
  }
  if (!a["if_match"].is_nil()) {
    if (!there) return refused("NoSuchKey", "there is no '" + name + "'");
    if (etag_of(a["if_match"]) != key->second.versions.back()->etag) {
      return refused("PreconditionFailed", "the ETag is " + key->second.versions.back()->etag);
    }
  }
  std::size_t bytes = 0;
  if (!a["metadata"].is_nil()) {
    if (!is_table(a["metadata"])) return refused("InvalidArgument", "metadata is a map of texts");
    for (const auto& [field, value] : a["metadata"].is_map() ? a["metadata"].map() : Value::Map{}) {
      if (!value.is_string()) return refused("InvalidArgument", "metadata is a map of texts");
      bytes += field.size() + value.string().size();
    }
  }
  if (bytes > options_.profile.metadata_bytes_max) {
    return refused("MetadataTooLarge",
                   "metadata has at most " + std::to_string(options_.profile.metadata_bytes_max) + " bytes");
  }
  return true;
}

// What was the newest version is it no longer.
void ObjectStore::retire_newest(Key& key) {
  if (!key.versions.empty()) key.versions.back()->noncurrent = now_;
}

Value ObjectStore::store(Bucket& bucket, const std::string& name, Version made, std::string_view event) {
  Key& key = bucket.keys[name];
  made.number = next_number_++;
  made.null_id = bucket.versioning != Versioning::enabled;
  made.modified = made.entered = made.read = now_;
  if (made.null_id) {
    const auto old = std::find_if(key.versions.begin(), key.versions.end(),
                                  [](const VersionPtr& v) { return v->null_id; });
    if (old != key.versions.end()) {
      leave_class(**old);
      bill_version(**old, false);
      key.versions.erase(old);
    }
  }
  retire_newest(key);
  const auto v = std::make_shared<Version>(std::move(made));
  key.versions.push_back(v);
  bill_version(*v, true);
  charge_requests(v->cls, true);
  changed(bucket, name, key);
  tell(bucket, event, name, *v);
  Value::Map answer = {{"etag", v->etag}, {"size", count(v->content.size)}};
  if (bucket.versioning != Versioning::never) answer.emplace_back("version", version_id(*v));
  return Value::map(std::move(answer));
}

Result ObjectStore::put_object(const Value& a) {
  SYSLAB_TAKE(bucket, bucket_of(a));
  SYSLAB_TAKE(name, key_of(a));
  SYSLAB_TAKE(may, check_write(*bucket, name, a));
  (void)may;
  SYSLAB_TAKE(cls, class_of(a));
  SYSLAB_TAKE(content, content_of(a));
  if (content.size > options_.profile.put_bytes_max) {
    return refused("EntityTooLarge", "one put takes " + std::to_string(options_.profile.put_bytes_max) +
                                         " bytes at most; upload it in parts");
  }
  Version v;
  v.etag = hex(content.digest);
  v.content = std::move(content);
  v.metadata = a["metadata"];
  v.tags = a["tags"];
  v.cls = cls;
  return store(*bucket, name, std::move(v), "ObjectCreated:Put");
}

// Removes a version for good. The key goes with its last one.
void ObjectStore::take_away(Bucket& bucket, const std::string& name, Key& key, std::size_t index) {
  leave_class(*key.versions[index]);
  bill_version(*key.versions[index], false);
  key.versions.erase(key.versions.begin() + static_cast<std::ptrdiff_t>(index));
  if (!key.versions.empty()) key.versions.back()->noncurrent = Instant::max();
  changed(bucket, name, key);
}

// Hides the key behind a delete marker.
void ObjectStore::place_marker(Bucket& bucket, const std::string& name, Key& key) {
  Version marker;
  marker.number = next_number_++;
  marker.marker = true;
  marker.null_id = bucket.versioning == Versioning::suspended;
  marker.modified = marker.entered = now_;
  if (marker.null_id) {
    const auto old = std::find_if(key.versions.begin(), key.versions.end(),
                                  [](const VersionPtr& v) { return v->null_id; });
    if (old != key.versions.end()) {
      leave_class(**old);
      bill_version(**old, false);
      key.versions.erase(old);
    }
  }
  retire_newest(key);
  key.versions.push_back(std::make_shared<Version>(std::move(marker)));
  changed(bucket, name, key);
}

Result ObjectStore::delete_object(const Value& a) {
  SYSLAB_TAKE(bucket, bucket_of(a));
  SYSLAB_TAKE(name, key_of(a));
  const auto found = bucket->keys.find(name);
  if (!a["version"].is_nil()) {
    if (found == bucket->keys.end()) return Value::map({});
    Key& key = found->second;
    for (std::size_t i = 0; i < key.versions.size(); ++i) {
      const VersionPtr v = key.versions[i];
      if (version_id(*v) != a["version"]) continue;
      take_away(*bucket, name, key, i);
      tell(*bucket, "ObjectRemoved:Delete", name, *v);
      return Value::map({{"version", a["version"]}, {"marker", v->marker}});
    }
    return Value::map({});
  }
  if (bucket->versioning == Versioning::never) {
    if (found == bucket->keys.end() || found->second.versions.empty())
      return Value::map({});  // as published: a success
    const VersionPtr v = found->second.versions.back();
    take_away(*bucket, name, found->second, found->second.versions.size() - 1);
    tell(*bucket, "ObjectRemoved:Delete", name, *v);
    return Value::map({});
  }
  Key& key = bucket->keys[name];
  place_marker(*bucket, name, key);
  tell(*bucket, "ObjectRemoved:DeleteMarkerCreated", name, *key.versions.back());
  return Value::map({{"version", version_id(*key.versions.back())}, {"marker", true}});
}

Expected<ObjectStore::VersionPtr> ObjectStore::source_of(const Value& from) {
  if (!from.is_map()) return refused("InvalidArgument", "from is {bucket, key, version}");
  SYSLAB_TAKE(bucket, bucket_of(from));
  SYSLAB_TAKE(v, find(*bucket, from, false));
  SYSLAB_TAKE(may, readable(*v));
  (void)may;
  return v;
}

Result ObjectStore::copy_object(const Value& a) {
  SYSLAB_TAKE(bucket, bucket_of(a));
  SYSLAB_TAKE(name, key_of(a));
  SYSLAB_TAKE(may, check_write(*bucket, name, a));
  (void)may;
  const Value from =
      a["from"].is_map() && a["from"]["bucket"].is_nil() ? a["from"].with("bucket", a["bucket"]) : a["from"];
  SYSLAB_TAKE(source, source_of(from));
  SYSLAB_TAKE(cls, class_of(a));
  if (source->content.size > options_.profile.put_bytes_max) {
    return refused("InvalidRequest", "one copy takes " + std::to_string(options_.profile.put_bytes_max) +
                                         " bytes at most; copy it in parts");
  }
  charge_retrieval(*source, source->content.size);
  Version v;
  v.content = source->content;
  // A copy is one piece, whatever its source was uploaded as.
  v.content.digest = v.content.body.is_nil() ? digest_of_size(v.content.size, v.content.content)
                                             : md5(bytes_of(v.content.body));
  v.etag = hex(v.content.digest);
  v.metadata = a["metadata"].is_nil() ? source->metadata : a["metadata"];
  v.tags = a["tags"].is_nil() ? source->tags : a["tags"];
  v.cls = cls;
  return store(*bucket, name, std::move(v), "ObjectCreated:Copy");
}

// ---- lists

Result ObjectStore::list_objects(const Value& a) {
  SYSLAB_TAKE(bucket, bucket_of(a));
  SYSLAB_TAKE(wanted, whole(a, "max", options_.profile.page_max));
  const std::uint64_t max = std::min(wanted, options_.profile.page_max);
  const std::string prefix = text_of(a["prefix"]), delimiter = text_of(a["delimiter"]);
  // A token is 'k' and the last key, or 'p' and the last common prefix.
  const std::string token = text_of(a["token"]);
  if (!a["token"].is_nil() && (token.empty() || (token[0] != 'k' && token[0] != 'p'))) {
    return refused("InvalidArgument", "that is no continuation token");
  }
  const std::string after = token.empty() ? text_of(a["start_after"]) : token.substr(1);
  const std::string done =
      !token.empty() && token[0] == 'p' ? after : std::string();  // a prefix that was listed
  const std::uint64_t replica = eventual() ? rng_.below(options_.replicas) : 0;
  charge_requests(0, true);
  Value::List keys, prefixes;
  std::string last;
  bool more = false;
  auto key = bucket->keys.lower_bound(std::max(prefix, after));
  while (key != bucket->keys.end() && key->first.starts_with(prefix)) {
    const std::string& name = key->first;
    if ((!after.empty() && name <= after) || (!done.empty() && name.starts_with(done))) {
      ++key;
      continue;
    }
    const VersionPtr v = seen(key->second, replica, true);
    if (v == nullptr) {
      ++key;
      continue;
    }
    if (keys.size() + prefixes.size() >= max) {
      more = true;
      break;
    }
    const std::size_t at = delimiter.empty() ? std::string::npos : name.find(delimiter, prefix.size());
    if (at == std::string::npos) {
      keys.push_back(Value::map({{"key", name},
                                 {"size", count(v->content.size)},
                                 {"etag", v->etag},
                                 {"modified", to_seconds(v->modified)},
                                 {"class", options_.profile.classes[v->cls].name}}));
      last = "k" + name;
      ++key;
    } else {
      const std::string common = name.substr(0, at + delimiter.size());
      prefixes.emplace_back(common);
      last = "p" + common;
      // On to the first key behind all that begin so.
      std::string behind = common;
      while (!behind.empty() && static_cast<unsigned char>(behind.back()) == 255) behind.pop_back();
      if (behind.empty()) break;
      behind.back() = static_cast<char>(static_cast<unsigned char>(behind.back()) + 1);
      key = bucket->keys.lower_bound(behind);
    }
  }
  Value::Map answer = {{"keys", Value::list(std::move(keys))},
                       {"prefixes", Value::list(std::move(prefixes))},
                       {"truncated", more && max > 0}};
  if (more && max > 0) answer.emplace_back("token", last);
  return Value::map(std::move(answer));
}

Result ObjectStore::list_versions(const Value& a) {
  SYSLAB_TAKE(bucket, bucket_of(a));
  SYSLAB_TAKE(wanted, whole(a, "max", options_.profile.page_max));
  const std::uint64_t max = std::min(wanted, options_.profile.page_max);
  const std::string prefix = text_of(a["prefix"]), token = text_of(a["token"]);
  // A token is the number of the last version, a colon and its key.
  const std::size_t colon = token.find(':');
  std::uint64_t before = UINT64_MAX;
  std::string from;
  if (!a["token"].is_nil()) {
    const auto parsed = std::from_chars(token.data(), token.data() + std::min(colon, token.size()), before);
    if (colon == std::string::npos || parsed.ec != std::errc()) {
      return refused("InvalidArgument", "that is no continuation token");
    }
    from = token.substr(colon + 1);
  }
  charge_requests(0, true);
  Value::List list;
  std::string last;
  bool more = false;
  for (auto key = bucket->keys.lower_bound(std::max(prefix, from));
       key != bucket->keys.end() && key->first.starts_with(prefix) && !more; ++key) {
    for (std::size_t i = key->second.versions.size(); i-- > 0;) {
      const Version& v = *key->second.versions[i];
      if (key->first == from && v.number >= before) continue;
      if (list.size() >= max) {
        more = true;
        break;
      }
      list.push_back(Value::map({{"key", key->first},
                                 {"version", version_id(v)},
                                 {"latest", i + 1 == key->second.versions.size()},
                                 {"marker", v.marker},
                                 {"size", count(v.content.size)},
                                 {"modified", to_seconds(v.modified)},
                                 {"class", options_.profile.classes[v.cls].name}}));
      last = std::to_string(v.number) + ":" + key->first;
    }
  }
  Value::Map answer = {{"versions", Value::list(std::move(list))}, {"truncated", more && max > 0}};
  if (more && max > 0) answer.emplace_back("token", last);
  return Value::map(std::move(answer));
}

// ---- multipart

namespace {

Error no_upload(const Value& a) {
  return refused("NoSuchUpload",
                 "there is no upload " + a["upload"].json() + " of '" + text_of(a["key"]) + "'");
}

}  // namespace

Result ObjectStore::create_upload(const Value& a) {
  SYSLAB_TAKE(bucket, bucket_of(a));
  SYSLAB_TAKE(name, key_of(a));
  SYSLAB_TAKE(may, check_write(*bucket, name, a.with("if_match", {}).with("if_none_match", {})));
  (void)may;
  SYSLAB_TAKE(cls, class_of(a));
  Upload upload;
  upload.id = "upload-" + std::to_string(next_number_++);
  upload.key = name;
  upload.begun = now_;
  upload.metadata = a["metadata"];
  upload.tags = a["tags"];
  upload.cls = cls;
  charge_requests(cls, true);
  const std::string id = upload.id;
  expect(*bucket, end_of(*bucket, upload));
  bucket->uploads.emplace(id, std::move(upload));
  return Value::map({{"upload", id}});
}

Result ObjectStore::upload_part(const Value& a) {
  SYSLAB_TAKE(bucket, bucket_of(a));
  const auto upload = bucket->uploads.find(text_of(a["upload"]));
  if (upload == bucket->uploads.end() || Value(upload->second.key) != a["key"]) return no_upload(a);
  SYSLAB_TAKE(n, whole(a, "part", 0));
  if (n < 1 || n > options_.profile.parts_max) {
    return refused("InvalidArgument", "part numbers are 1 to " + std::to_string(options_.profile.parts_max));
  }
  Content content;
  if (a["from"].is_nil()) {
    SYSLAB_TAKE(given, content_of(a));
    content = given;
  } else {
    const Value from = a["from"]["bucket"].is_nil() && a["from"].is_map()
                           ? a["from"].with("bucket", a["bucket"])
                           : a["from"];
    SYSLAB_TAKE(source, source_of(from));
    SYSLAB_TAKE(piece, cut(source->content, a["range"], nullptr));
    content = piece;
    charge_retrieval(*source, piece.size);
  }
  if (content.size > options_.profile.part_bytes_max) {
    return refused("EntityTooLarge",
                   "a part has at most " + std::to_string(options_.profile.part_bytes_max) + " bytes");
  }
  const auto old = upload->second.parts.find(n);
  if (old != upload->second.parts.end()) bill_part(upload->second, old->second, false);
  Part& part = upload->second.parts[n];
  part = {std::move(content), now_};
  bill_part(upload->second, part, true);
  charge_requests(upload->second.cls, true);
  return Value::map({{"etag", hex(part.content.digest)}});
}

Result ObjectStore::list_parts(const Value& a) {
  SYSLAB_TAKE(bucket, bucket_of(a));
  const auto upload = bucket->uploads.find(text_of(a["upload"]));
  if (upload == bucket->uploads.end() || Value(upload->second.key) != a["key"]) return no_upload(a);
  SYSLAB_TAKE(wanted, whole(a, "max", options_.profile.page_max));
  SYSLAB_TAKE(after, whole(a, "after", 0));
  const std::uint64_t max = std::min(wanted, options_.profile.page_max);
  charge_requests(0, true);
  Value::List list;
  std::uint64_t last = 0;
  auto part = upload->second.parts.upper_bound(after);
  for (; part != upload->second.parts.end() && list.size() < max; ++part) {
    list.push_back(Value::map({{"part", count(part->first)},
                               {"etag", hex(part->second.content.digest)},
                               {"size", count(part->second.content.size)}}));
    last = part->first;
  }
  const bool more = part != upload->second.parts.end() && max > 0;
  Value::Map answer = {{"parts", Value::list(std::move(list))}, {"truncated", more}};
  if (more) answer.emplace_back("after", count(last));
  return Value::map(std::move(answer));
}

Result ObjectStore::list_uploads(const Value& a) {
  SYSLAB_TAKE(bucket, bucket_of(a));
  charge_requests(0, true);
  const std::string prefix = text_of(a["prefix"]);
  Value::List list;
  for (const auto& [id, upload] : bucket->uploads) {
    if (!upload.key.starts_with(prefix)) continue;
    std::uint64_t bytes = 0;
    for (const auto& [n, part] : upload.parts) bytes += part.content.size;
    list.push_back(Value::map({{"key", upload.key},
                               {"upload", id},
                               {"begun", to_seconds(upload.begun)},
                               {"parts", count(upload.parts.size())},
                               {"bytes", count(bytes)}}));
  }
  return Value::map({{"uploads", Value::list(std::move(list))}});
}

Result ObjectStore::complete_upload(const Value& a) {
  SYSLAB_TAKE(bucket, bucket_of(a));
  const auto found = bucket->uploads.find(text_of(a["upload"]));
  if (found == bucket->uploads.end() || Value(found->second.key) != a["key"]) return no_upload(a);
  Upload& upload = found->second;
  SYSLAB_TAKE(may, check_write(*bucket, upload.key, a));
  (void)may;
  const Value& listed = a["parts"];
  if (!listed.is_list() || listed.list().empty()) {
    return refused("MalformedXML", "parts is a list of {part, etag} with at least one of them");
  }
  std::vector<const Part*> parts;
  std::uint64_t last = 0, size = 0;
  bool bytes = true;
  for (const Value& item : listed.list()) {
    SYSLAB_TAKE(n, whole(item, "part", 0));
    if (n <= last)
      return refused("InvalidPartOrder",
                     "part " + std::to_string(n) + " is listed after " + std::to_string(last));
    last = n;
    const auto part = upload.parts.find(n);
    if (part == upload.parts.end() || hex(part->second.content.digest) != etag_of(item["etag"])) {
      return refused("InvalidPart",
                     "there is no part " + std::to_string(n) + " with the ETag " + item["etag"].json());
    }
    parts.push_back(&part->second);
    size += part->second.content.size;
    bytes = bytes && !part->second.content.body.is_nil();
  }
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    if (parts[i]->content.size < options_.profile.part_bytes_min) {
      return refused("EntityTooSmall", "a part but the last has at least " +
                                           std::to_string(options_.profile.part_bytes_min) + " bytes");
    }
  }
  if (size > options_.profile.object_bytes_max) {
    return refused("EntityTooLarge",
                   "an object has at most " + std::to_string(options_.profile.object_bytes_max) + " bytes");
  }
  // The ETag of what came in parts: the MD5 of the parts' MD5s, and how many there are.
  std::string digests, body;
  for (const Part* part : parts) {
    digests.append(reinterpret_cast<const char*>(part->content.digest.data()), part->content.digest.size());
    if (bytes) body += bytes_of(part->content.body);
  }
  Version v;
  v.content.digest = md5(digests);
  v.etag = hex(v.content.digest) + "-" + std::to_string(parts.size());
  v.content.size = size;
  if (bytes) v.content.body = Value(body);
  if (!bytes) v.content.content = v.etag;
  v.parts = static_cast<std::uint32_t>(parts.size());
  v.metadata = upload.metadata;
  v.tags = upload.tags;
  v.cls = upload.cls;
  const std::string name = upload.key;
  for (const auto& [n, part] : upload.parts) bill_part(upload, part, false);
  bucket->uploads.erase(found);
  return store(*bucket, name, std::move(v), "ObjectCreated:CompleteMultipartUpload");
}

Result ObjectStore::abort_upload(const Value& a) {
  SYSLAB_TAKE(bucket, bucket_of(a));
  const auto upload = bucket->uploads.find(text_of(a["upload"]));
  if (upload == bucket->uploads.end() || Value(upload->second.key) != a["key"]) return no_upload(a);
  for (const auto& [n, part] : upload->second.parts) bill_part(upload->second, part, false);
  bucket->uploads.erase(upload);
  return Value(true);
}

// ---- archive

Result ObjectStore::restore_object(const Value& a) {
  SYSLAB_TAKE(bucket, bucket_of(a));
  SYSLAB_TAKE(v, find(*bucket, a, false));
  const StorageClass& cls = options_.profile.classes[v->cls];
  if (!cls.archived()) return refused("InvalidObjectState", "an object in " + cls.name + " needs no restore");
  SYSLAB_TAKE(days, whole(a, "days", 1));
  if (days < 1 || days > 36500)
    return refused("InvalidArgument", "a restored copy is kept for 1 to 36500 days");
  const std::string tier = a["tier"].is_nil() ? "Standard" : text_of(a["tier"]);
  std::vector<std::string> names;
  for (const StorageClass::Restore& r : cls.restores) {
    names.push_back(r.tier);
    if (r.tier != tier) continue;
    const Duration kept = std::chrono::hours(24) * static_cast<std::int64_t>(days);
    if (v->restored && !v->restored->done) {
      return refused("RestoreAlreadyInProgress",
                     "it is ready at " + Value(to_seconds(v->restored->ready)).json() + " s");
    }
    if (v->restored) {
      v->restored->until = saturating_add(now_, kept);  // it is there: only its end moves
    } else {
      const Instant ready = now_ + r.time;
      v->restored = Restored{ready, saturating_add(ready, kept)};
      spent_[v->cls].restores += 1;
      spent_[v->cls].retrieved_bytes += static_cast<double>(v->content.size);
      spent_[v->cls].retrieval_cost +=
          r.per_gb * static_cast<double>(v->content.size) / 0x1p30 + r.per_1000 / 1000;
      tell(*bucket, "ObjectRestore:Post", text_of(a["key"]), *v);
    }
    const auto key = bucket->keys.find(text_of(a["key"]));
    expect_key(*bucket, key->first, key->second);
    return Value::map({{"ready", to_seconds(v->restored->ready)}, {"until", to_seconds(v->restored->until)}});
  }
  return refused("InvalidArgument",
                 cls.name + " has no retrieval tier '" + tier + "'" + did_you_mean(tier, names));
}

// ---- notifications

namespace {

const std::vector<std::string>& event_names() {
  static const std::vector<std::string> names = {"LifecycleExpiration:Delete",
                                                 "LifecycleExpiration:DeleteMarkerCreated",
                                                 "LifecycleTransition",
                                                 "IntelligentTiering",
                                                 "ObjectCreated:*",
                                                 "ObjectCreated:CompleteMultipartUpload",
                                                 "ObjectCreated:Copy",
                                                 "ObjectCreated:Put",
                                                 "ObjectRemoved:*",
                                                 "ObjectRemoved:Delete",
                                                 "ObjectRemoved:DeleteMarkerCreated",
                                                 "ObjectRestore:*",
                                                 "ObjectRestore:Completed",
                                                 "ObjectRestore:Post",
                                                 "LifecycleExpiration:*"};
  return names;
}

bool event_matches(std::string_view pattern, std::string_view event) {
  return pattern == event ||
         (pattern.ends_with("*") && event.starts_with(pattern.substr(0, pattern.size() - 1)));
}

bool overlap(std::string_view x, std::string_view y) {
  return event_matches(x, y) || event_matches(y, x);
}

}  // namespace

Result ObjectStore::set_notifications(const Value& a) {
  SYSLAB_TAKE(bucket, bucket_of(a));
  if (!a["rules"].is_list())
    return refused("InvalidArgument", "rules is a list of {events, prefix, suffix, to}");
  std::vector<Notification> rules;
  for (const Value& given : a["rules"].list()) {
    Notification n;
    const std::vector<std::string> known = {"id", "events", "prefix", "suffix", "to", "queue"};
    for (const auto& [field, value] : given.is_map() ? given.map() : Value::Map{}) {
      if (std::find(known.begin(), known.end(), field) == known.end()) {
        return refused("InvalidArgument", "a rule has no '" + field + "'" + did_you_mean(field, known));
      }
    }
    n.id = given["id"].is_nil() ? "rule-" + std::to_string(rules.size() + 1) : text_of(given["id"]);
    for (const Value& event : given["events"].is_list() ? given["events"].list() : Value::List{}) {
      std::string name = text_of(event);
      if (name.starts_with("s3:")) name = name.substr(3);
      if (std::find(event_names().begin(), event_names().end(), name) == event_names().end()) {
        return refused("InvalidArgument",
                       "there is no event '" + name + "'" + did_you_mean(name, event_names()));
      }
      n.events.push_back(name);
    }
    if (n.events.empty())
      return refused("InvalidArgument", "a rule has events, a list such as { 'ObjectCreated:*' }");
    n.prefix = text_of(given["prefix"]);
    n.suffix = text_of(given["suffix"]);
    n.to = text_of(given["to"]);
    n.queue = text_of(given["queue"]);
    // As published: no two rules of a bucket may want the same event of the same key.
    for (const Notification& other : rules) {
      const bool keys = (n.prefix.starts_with(other.prefix) || other.prefix.starts_with(n.prefix)) &&
                        (n.suffix.ends_with(other.suffix) || other.suffix.ends_with(n.suffix));
      for (const std::string& mine : n.events) {
        for (const std::string& theirs : other.events) {
          if (keys && overlap(mine, theirs)) {
            return refused("InvalidArgument", "'" + n.id + "' and '" + other.id + "' overlap in " + mine);
          }
        }
      }
    }
    rules.push_back(std::move(n));
  }
  bucket->notifications = std::move(rules);
  return Value(true);
}

void ObjectStore::tell(const Bucket& bucket, std::string_view event, const std::string& key,
                       const Version& v) {
  for (const Notification& rule : bucket.notifications) {
    if (!key.starts_with(rule.prefix) || !key.ends_with(rule.suffix)) continue;
    if (std::none_of(rule.events.begin(), rule.events.end(),
                     [&](const std::string& p) { return event_matches(p, event); })) {
      continue;
    }
    const std::uint64_t n = next_event_++;
    Value::Map body = {{"event", Value(event)},
                       {"bucket", bucket.name},
                       {"key", key},
                       {"size", count(v.content.size)},
                       {"etag", v.etag},
                       {"rule", rule.id},
                       {"time", to_seconds(now_)},
                       {"sequencer", count(v.number)}};
    if (bucket.versioning != Versioning::never) body.emplace_back("version", version_id(v));
    events_.push_back({n, rule.to, rule.queue, Value::map(std::move(body))});
  }
}

std::vector<ObjectEvent> ObjectStore::take_events() {
  return std::exchange(events_, {});
}

#undef SYSLAB_TAKE

}  // namespace syslab

// ObjectStore: buckets of objects under full paths, with versions, multipart uploads, storage classes that
// cost money in different ways, and rules that move and delete objects as years pass.
//
// A pure state machine: time is an argument; whatever falls due between two calls (lifecycle at midnight, the
// end of a restore) happens at its own time, so a century costs what happens in it and not what it lasts. An
// operation is a name and a map, the same from a script, in a request to the service (objects_service.hpp)
// and in its log. All take `bucket`; sizes are bytes, times seconds.
//
//   create_bucket {versioning}, delete_bucket, list_buckets, set_versioning {status = "enabled" |
//   "suspended"} put_object {key, body | size (and content) | records, metadata, tags, class, if_match,
//   if_none_match}
//       -> {etag, version, size}
//   get_object, head_object {key, version, range = "bytes=0-99", if_match, if_none_match}
//       -> {body | content, etag, size, length, modified, class, metadata, version, parts, restore}
//   delete_object {key, version} -> {version, marker}
//   copy_object {from = {bucket, key, version}, key, metadata, tags, class}
//   list_objects {prefix, delimiter, start_after, token, max} -> {keys, prefixes, truncated, token}
//   list_versions {prefix, token, max} -> {versions, truncated, token}
//   create_upload {key, metadata, tags, class} -> {upload}
//   upload_part {key, upload, part, body | size (and content) | from, range} -> {etag}
//   list_parts {key, upload, after, max}, list_uploads {prefix}, abort_upload {key, upload}
//   complete_upload {key, upload, parts = {{part, etag}}, if_none_match}
//   set_lifecycle {rules}, get_lifecycle, set_notifications {rules}, restore_object {key, version, days,
//   tier}
//
// An object given by its `size` has no bytes in memory; `content` is a word that stands for them, and its MD5
// is that of the text "@SIZE:CONTENT". So a part is a number, too, and 5 TiB cost nothing.
//
//   versions of a key, newest last:  [v1] [v2] [null] [delete marker]   the last one is what a get without a
//   version sees; in a bucket that never had versioning there is at most the null version.
//
// A lifecycle rule: {id, prefix, tags, bytes_above, bytes_below, enabled, expire_days, expire_markers,
// transitions = {{days, class}}, noncurrent_days, noncurrent_keep, noncurrent_transitions = {{days, class}},
// abort_days}. Days count from the creation of a version (of its successor, for noncurrent ones), rounded up
// to the next midnight; the world begins at midnight. Deletion goes before transition, the coldest class
// wins.
//
// A notification rule: {id, events = {"ObjectCreated:*"}, prefix, suffix, to | queue}: see take_events().
//
// Consistency: strong since December 2020, the default. With `lag`, the model before: each of `replicas`
// learns of a change up to `lag` later, a read asks one of them; only the first put of a key that nobody has
// asked for is seen at once.
//
// Error codes are S3's: NoSuchBucket, NoSuchKey, NoSuchVersion, NoSuchUpload, InvalidBucketName (its message
// begins with the rule, see bucket_name_problem), BucketAlreadyOwnedByYou, BucketNotEmpty, TooManyBuckets,
// KeyTooLongError, MetadataTooLarge, EntityTooSmall, EntityTooLarge, InvalidPart, InvalidPartOrder,
// MalformedXML, InvalidArgument, InvalidRange, InvalidObjectState, InvalidStorageClass, PreconditionFailed,
// NotModified, MethodNotAllowed, RestoreAlreadyInProgress, SlowDown. All are definite: nothing was changed.
//
// Cost: O(log n) a call, O(page) a list; a day on which something falls due walks its bucket once. Source:
// Amazon S3 user guide and API reference; numbers in objects_profile.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"
#include "core/hash/md5.hpp"
#include "core/runtime/env.hpp"
#include "core/store/objects_profile.hpp"

namespace syslab {

struct ObjectStoreOptions {
  ObjectProfile profile = *find_object_profile("s3-2024");
  Duration lag = Duration::zero();  // above 0: the eventual model
  std::uint32_t replicas = 3;       // of the eventual model
  std::uint64_t seed = 0;           // of which replica is asked, and how late it is
};

// Which naming rule a bucket's name breaks, and how; none where it is a name.
struct NameProblem {
  std::string_view rule;  // "TooShort", "AdjacentDots" ...
  std::string message;
};
std::optional<NameProblem> bucket_name_problem(std::string_view name);

// What somebody asked to be told of.
struct ObjectEvent {
  std::uint64_t number;  // ascending without gaps
  std::string to;        // a node
  std::string queue;     // of a broker on that node, or none
  Value body;            // {event, bucket, key, size, etag, version, time, sequencer, rule}
};

class ObjectStore {
 public:
  explicit ObjectStore(ObjectStoreOptions options);
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;

  enum class Kind : std::uint8_t { read, write };
  // None where there is no such operation.
  static std::optional<Kind> kind_of(std::string_view operation);
  static std::vector<std::string> operations();

  // admit, advance and apply, in this order. Requires: now does not run backwards; the operation exists.
  Result perform(Instant now, std::string_view operation, const Value& arguments);
  // Whether the request rate of the key's prefix (what stands before its last "/") allows it.
  Expected<bool> admit(Instant now, std::string_view operation, const Value& arguments);
  // Lets happen what is due until now.
  void advance(Instant now);
  // Does it, at the time of the last advance. The state follows from advances and writes alone, so that a log
  // of them is a copy of it; reads change only the bill and when tiering saw an object last (see touches()).
  Result apply(std::string_view operation, const Value& arguments);
  // A read at a time between two advances, after which the store's time is what it was: so that a log that
  // has the writes only leads to the same state.
  Result read_at(Instant now, std::string_view operation, const Value& arguments);
  // Whether the read counts as an access for tiering: then a log has to have it, too.
  bool touches(std::string_view operation, const Value& arguments);

  Instant now() const { return now_; }
  // When something happens by itself next; Instant::max() for never.
  Instant next_change() const { return next_due_; }
  // What happened since the last call and matches a notification rule, oldest first.
  std::vector<ObjectEvent> take_events();

  // What was spent until now, as a map: {classes = {NAME = {objects, bytes, gb_months, cost}}, storage,
  // requests, retrieval, early_deletion, transitions, monitoring, total ...}.
  Value bill() const;
  // Counters: {buckets, objects, versions, uploads, bytes}.
  Value counts() const;
  const ObjectStoreOptions& options() const { return options_; }

  // For tests: the bill's bytes are those of the versions and parts that are there.
  void check_invariants() const;

 private:
  struct Content {
    std::uint64_t size = 0;
    Value body;           // nil where only the size is known
    std::string content;  // the word in place of the bytes
    Md5Digest digest = {};
  };
  struct Restored {
    Instant ready;
    Instant until;
    bool done = false;
  };
  struct Version {
    std::uint64_t number = 0;
    bool null_id = true;
    bool marker = false;
    Instant modified;
    Instant noncurrent = Instant::max();  // since when it is not the newest
    Content content;
    std::string etag;
    std::uint32_t parts = 0;
    Value metadata;
    Value tags;
    std::size_t cls = 0;
    Instant entered;  // its class
    std::size_t tier = 0;
    Instant read;  // last, for tiering
    std::optional<Restored> restored = {};
  };
  using VersionPtr = std::shared_ptr<Version>;
  struct Past {  // what a get saw since a change, for the eventual model; null: nothing
    Instant at;
    std::uint64_t number;
    VersionPtr version;
  };
  struct Key {
    std::vector<VersionPtr> versions = {};
    std::vector<Past> past = {};
    bool fresh = false;  // nobody had asked for it before its first put
  };
  struct Part {
    Content content;
    Instant modified;
  };
  struct Upload {
    std::string id;
    std::string key;
    Instant begun;
    Value metadata;
    Value tags;
    std::size_t cls = 0;
    std::map<std::uint64_t, Part> parts = {};
  };
  struct Transition {
    std::int64_t days;
    std::size_t cls;
  };
  struct Rule {
    std::string id;
    std::string prefix;
    Value tags;
    std::uint64_t bytes_above = 0;
    std::uint64_t bytes_below = UINT64_MAX;
    bool enabled = true;
    std::optional<std::int64_t> expire_days = {};
    bool expire_markers = false;
    std::vector<Transition> transitions = {};
    std::optional<std::int64_t> noncurrent_days = {};
    std::uint64_t noncurrent_keep = 0;
    std::vector<Transition> noncurrent_transitions = {};
    std::optional<std::int64_t> abort_days = {};
    bool has_size_filter() const { return bytes_above > 0 || bytes_below != UINT64_MAX; }
  };
  struct Notification {
    std::string id;
    std::vector<std::string> events;
    std::string prefix;
    std::string suffix;
    std::string to;
    std::string queue;
  };
  enum class Versioning : std::uint8_t { never, enabled, suspended };
  struct Bucket {
    std::string name;
    Instant created;
    Versioning versioning = Versioning::never;
    std::map<std::string, Key, std::less<>> keys = {};
    std::map<std::string, Upload, std::less<>> uploads = {};
    std::vector<Rule> rules = {};
    Value rules_given = {};
    std::vector<Notification> notifications = {};
    std::map<std::string, Instant> missed = {};  // keys that were asked for in vain, for the eventual model
    Instant due = Instant::max();
  };
  // Bytes that are stored, and for how long they were: byte-seconds up to `since`.
  struct Meter {
    double bytes = 0;
    double objects = 0;
    double byte_seconds = 0;
    double object_seconds = 0;
    Instant since;
  };
  struct Spent {
    double writes = 0, reads = 0, requests_cost = 0;
    double retrieved_bytes = 0, retrieval_cost = 0, restores = 0;
    double early_deletion = 0;
    double transitions = 0, transitions_cost = 0;
  };
  enum class DueKind : std::uint8_t { none, remove_marker, expire, transition, tier, restored, restore_end };
  struct Due {
    DueKind kind = DueKind::none;
    Instant at = Instant::max();
    std::size_t cls = 0;
  };
  using Action = Result (ObjectStore::*)(const Value&);
  struct Operation {
    Kind kind;
    Action action;
  };

  static const std::map<std::string, Operation, std::less<>>& table();

  Result create_bucket(const Value& a);
  Result delete_bucket(const Value& a);
  Result list_buckets(const Value& a);
  Result set_versioning(const Value& a);
  Result put_object(const Value& a);
  Result get_object(const Value& a);
  Result head_object(const Value& a);
  Result delete_object(const Value& a);
  Result copy_object(const Value& a);
  Result list_objects(const Value& a);
  Result list_versions(const Value& a);
  Result create_upload(const Value& a);
  Result upload_part(const Value& a);
  Result list_parts(const Value& a);
  Result list_uploads(const Value& a);
  Result complete_upload(const Value& a);
  Result abort_upload(const Value& a);
  Result set_lifecycle(const Value& a);
  Result get_lifecycle(const Value& a);
  Result set_notifications(const Value& a);
  Result restore_object(const Value& a);

  bool eventual() const { return options_.lag > Duration::zero(); }
  Expected<Bucket*> bucket_of(const Value& a);
  Expected<std::string> key_of(const Value& a) const;
  Expected<std::size_t> class_of(const Value& a) const;
  Expected<Content> content_of(const Value& a) const;
  Expected<Content> cut(const Content& whole, const Value& range, Value* told) const;
  Expected<VersionPtr> find(Bucket& bucket, const Value& a, bool for_read);
  Expected<VersionPtr> source_of(const Value& from);
  VersionPtr seen(const Key& key, std::uint64_t replica, bool listing) const;
  Duration delay_of(std::uint64_t number, std::uint64_t replica) const;
  void changed(Bucket& bucket, const std::string& name, Key& key);
  Result look(const Value& a, bool with_body);
  Expected<bool> readable(const Version& v) const;
  Expected<bool> check_write(const Bucket& bucket, const std::string& key, const Value& a) const;
  Value store(Bucket& bucket, const std::string& key, Version made, std::string_view event);
  void take_away(Bucket& bucket, const std::string& name, Key& key, std::size_t index);
  void place_marker(Bucket& bucket, const std::string& name, Key& key);
  void retire_newest(Key& key);

  void meter(std::size_t line, double bytes, double objects);
  void bill_version(const Version& v, bool start);
  void bill_part(const Upload& upload, const Part& part, bool start);
  void leave_class(const Version& v);
  void charge_requests(std::size_t cls, bool write);
  void charge_retrieval(const Version& v, std::uint64_t bytes);
  std::size_t lines() const { return options_.profile.classes.size() + options_.profile.tiers.size(); }
  std::size_t line_of(const Version& v) const;

  bool matches(const Rule& rule, const std::string& key, const Version& v) const;
  Due due_of(const Bucket& bucket, const std::string& name, const Key& key, std::size_t index) const;
  void expect(Bucket& bucket, Instant at);
  void expect_key(Bucket& bucket, const std::string& name, const Key& key);
  void run_due(Bucket& bucket);
  void carry_out(Bucket& bucket, const std::string& name, Key& key, std::size_t index, const Due& due);
  void refresh_due();
  Instant end_of(const Bucket& bucket, const Upload& upload) const;
  void tell(const Bucket& bucket, std::string_view event, const std::string& key, const Version& v);
  Value version_id(const Version& v) const;
  Expected<Rule> rule_of(const Value& given, std::size_t index) const;
  Expected<std::vector<Transition>> transitions_of(const Value& given, const char* what) const;

  const ObjectStoreOptions options_;
  Instant now_{};
  Instant next_due_ = Instant::max();
  std::map<std::string, Bucket, std::less<>> buckets_;
  std::map<std::string, Instant, std::less<>> full_at_;  // of the rate bucket of each prefix and kind
  std::uint64_t next_number_ = 1;
  std::uint64_t next_event_ = 1;
  std::vector<ObjectEvent> events_;
  std::vector<Meter> meters_;  // a line for each class, then one for each tier
  std::vector<Spent> spent_;   // by class
  Meter monitored_;            // objects under tiering
  Rng rng_;
};

}  // namespace syslab

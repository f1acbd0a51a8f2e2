#include "core/store/objects.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bindings/host/convert.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/resilience/filter.hpp"
#include "core/base/nearest.hpp"
#include "core/store/objects_service.hpp"

namespace syslab {
namespace {

std::vector<std::string> profile_names() {
  std::vector<std::string> names;
  for (const ObjectProfile& profile : object_profiles()) names.push_back(profile.name);
  return names;
}

Instant time_now(lua_State* L, const Arguments& a) {
  return Instant(from_seconds(a.number("now", LuaHost::of(L).seconds())));
}

// Every operation: its name is the method's, and its arguments are those that were given.
int operate(lua_State* L, ObjectStore& store, Arguments& a) {
  const auto& method = pointer_at<const Method>(L, lua_upvalueindex(1));
  Value::Map given;
  for (const Param& p : method.params) {
    if (p.name != "now" && a.has(p.name)) given.emplace_back(p.name, to_value(L, a.index_of(p.name)));
  }
  return push_result(L, store.perform(time_now(L, a), method.name, Value::map(std::move(given))));
}

int bill(lua_State* L, ObjectStore& store, Arguments& a) {
  store.advance(time_now(L, a));
  push_value(L, store.bill());
  return 1;
}

int counts(lua_State* L, ObjectStore& store, Arguments& a) {
  store.advance(time_now(L, a));
  push_value(L, store.counts());
  return 1;
}

int events(lua_State* L, ObjectStore& store, Arguments& a) {
  store.advance(time_now(L, a));
  Value::List list;
  for (const ObjectEvent& event : store.take_events()) list.push_back(event.body);
  push_value(L, Value::list(std::move(list)));
  return 1;
}

int check_name(lua_State* L, ObjectStore&, Arguments& a) {
  const auto problem = bucket_name_problem(a.string("name"));
  if (!problem) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushboolean(L, 0);
  lua_pushlstring(L, problem->rule.data(), problem->rule.size());
  lua_pushlstring(L, problem->message.data(), problem->message.size());
  return 3;
}

Param bucket_param() {
  return string("bucket", "its name");
}
Param key_param() {
  return string("key", "the full path");
}
Param version_param() {
  return string("version", "one of its versions").optional("the newest");
}
Param now_param() {
  return number("now", "the time in seconds; it does not run backwards")
      .at_least(0)
      .at_most(9e9)
      .optional("the last world's");
}
Param max_param(const char* what) {
  return count("max", what).optional("1000, and not more");
}
std::vector<Param> condition_params(const char* match, const char* none) {
  return {string("if_match", match).optional("no condition"),
          string("if_none_match", none).optional("no condition")};
}
std::vector<Param> content_params() {
  return {value("body", "the bytes, a text (or a table, stored as JSON)").optional("empty"),
          size("size", "in place of a body: only how many bytes it has").optional("the body's"),
          string("content",
                 "with a size: a word that stands for the bytes, so that other contents have other ETags")
              .optional("''")};
}
std::vector<Param> about_params() {
  return {table("metadata", "names and texts, 2 KiB together").optional("none"),
          table("tags", "names and texts that lifecycle rules look at").optional("none"),
          string("class", "the storage class").optional("'STANDARD'")};
}
std::vector<Param> with(std::vector<Param> params, std::vector<std::vector<Param>> more) {
  for (auto& group : more) {
    for (Param& p : group) params.push_back(std::move(p));
  }
  params.push_back(now_param());
  return params;
}

std::string show(lua_State* L, int index) {
  const Value counts = object_at<ObjectStore>(L, index)->counts();
  return fmt::format("{} buckets, {} objects, {} bytes", counts["buckets"].number(),
                     counts["objects"].number(), counts["bytes"].number());
}

const Type type{describe_type<ObjectStore>(
    "Objects",
    "An object store: buckets of objects under full paths. Time is an argument (left out, it is that of the "
    "last "
    "world), and what falls due in between happens at its own time. In a world, lab.store.object_service "
    "serves it.",
    {
        method<&operate>("abort_upload", with({bucket_param(), key_param(), string("upload", "its id")}, {}),
                         "true | nil, err", "Gives an upload up, and its parts."),
        method<&bill>("bill", {now_param()}, "table",
                      "What was spent until now, in dollars: storage, requests, retrieval, early_deletion, "
                      "transitions, monitoring, total; and by class and tier."),
        method<&check_name>("check_name", {string("name", "a name for a bucket")},
                            "true | false, rule, message",
                            "Whether a bucket may be called so, and which rule forbids it."),
        method<&operate>(
            "complete_upload",
            with({bucket_param(), key_param(), string("upload", "its id"),
                  list("parts", "{ { part = 1, etag = '...' }, ... }, ascending; gaps are allowed")},
                 {condition_params("only where this is the ETag", "'*': only where there is no object")}),
            "{ etag, size, version } | nil, err",
            "Makes an object of the parts; its ETag is the MD5 of their MD5s, and '-N'."),
        method<&operate>("copy_object",
                         with({bucket_param(), key_param(), table("from", "{ key =, bucket =, version = }")},
                              {about_params(), condition_params("only where this is the ETag",
                                                                "'*': only where there is none")}),
                         "{ etag, size, version } | nil, err",
                         "Copies an object within the store; also the way to change its class or metadata."),
        method<&counts>("counts", {now_param()}, "{ buckets, objects, versions, uploads, bytes }",
                        "What is in it."),
        method<&operate>(
            "create_bucket",
            with({bucket_param(), boolean("versioning", "keeps old versions").optional("false")}, {}),
            "true | nil, err", "Makes a bucket."),
        method<&operate>("create_upload", with({bucket_param(), key_param()}, {about_params()}),
                         "{ upload } | nil, err", "Begins an upload in parts."),
        method<&operate>("delete_bucket", with({bucket_param()}, {}), "true | nil, err",
                         "Only an empty one."),
        method<&operate>(
            "delete_object", with({bucket_param(), key_param(), version_param()}, {}),
            "{ version, marker } | nil, err",
            "Deletes; with versioning it only hides the object behind a delete marker, unless a version "
            "is named. Nothing to delete is a success."),
        method<&events>("events", {now_param()}, "list of { event, bucket, key, size, etag, time, ... }",
                        "What notification rules have asked for since the last call."),
        method<&operate>("get_lifecycle", with({bucket_param()}, {}), "list | nil, err",
                         "The rules as they were set."),
        method<&operate>(
            "get_object",
            with({bucket_param(), key_param(), version_param(),
                  string("range", "'bytes=0-99', 'bytes=100-' or 'bytes=-100'").optional("all of it")},
                 {condition_params("only where this is the ETag, else PreconditionFailed",
                                   "only where this is not the ETag, else NotModified")}),
            "{ body | content, size, length, etag, modified, class, metadata, version, ... } | nil, err",
            "Reads an object."),
        method<&operate>("head_object",
                         with({bucket_param(), key_param(), version_param()},
                              {condition_params("only where this is the ETag", "only where it is not")}),
                         "{ size, etag, modified, class, metadata, restore, ... } | nil, err",
                         "All about an object but its bytes; also of an archived one."),
        method<&operate>("list_buckets", {now_param()}, "list of { name, created }", "All of them."),
        method<&operate>(
            "list_objects",
            with({bucket_param(), string("prefix", "keys that begin so").optional("''"),
                  string("delimiter", "keys that have it after the prefix are rolled up to common prefixes")
                      .optional("none"),
                  string("start_after", "keys after this one").optional("the beginning"),
                  string("token", "of the page before").optional("the first page"),
                  max_param("keys and common prefixes a page")},
                 {}),
            "{ keys, prefixes, truncated, token } | nil, err", "A page of keys in order."),
        method<&operate>(
            "list_parts",
            with({bucket_param(), key_param(), string("upload", "its id"),
                  count("after", "parts after this one").optional("0"), max_param("parts a page")},
                 {}),
            "{ parts, truncated, after } | nil, err", "What an upload has."),
        method<&operate>("list_uploads",
                         with({bucket_param(), string("prefix", "of keys that begin so").optional("''")}, {}),
                         "{ uploads = { { key, upload, begun, parts, bytes } } } | nil, err",
                         "Uploads that are under way, or forgotten."),
        method<&operate>("list_versions",
                         with({bucket_param(), string("prefix", "keys that begin so").optional("''"),
                               string("token", "of the page before").optional("the first page"),
                               max_param("versions a page")},
                              {}),
                         "{ versions, truncated, token } | nil, err",
                         "All versions and delete markers, by key, newest first."),
        method<&operate>(
            "put_object",
            with({bucket_param(), key_param()},
                 {content_params(), about_params(),
                  condition_params("only where this is the ETag", "'*': only where there is no object")}),
            "{ etag, size, version } | nil, err", "Writes an object, whole or not at all."),
        method<&operate>("restore_object",
                         with({bucket_param(), key_param(), version_param(),
                               count("days", "how long the copy is kept").optional("1"),
                               choice("tier", {"Expedited", "Standard", "Bulk"}, "how fast, and for how much")
                                   .optional("'Standard'")},
                              {}),
                         "{ ready, until } | nil, err", "Asks for a readable copy of an archived object."),
        method<&operate>("set_lifecycle",
                         with({bucket_param(),
                               list("rules",
                                    "{ { prefix =, tags =, bytes_above =, bytes_below =, transitions = { { "
                                    "days =, class = } }, "
                                    "expire_days =, expire_markers =, noncurrent_days =, noncurrent_keep =, "
                                    "noncurrent_transitions =, abort_days =, enabled =, id = } }")},
                              {}),
                         "true | nil, err",
                         "What happens to objects as they get older; in place of the rules before."),
        method<&operate>(
            "set_notifications",
            with({bucket_param(),
                  list("rules",
                       "{ { events = { 'ObjectCreated:*' }, prefix =, suffix =, to = node, queue = name, "
                       "id = } }")},
                 {}),
            "true | nil, err", "Whom to tell of what; in place of the rules before."),
        method<&operate>(
            "set_versioning",
            with({bucket_param(), choice("status", {"enabled", "suspended"}, "it cannot be taken back")}, {}),
            "true | nil, err", "Keeps old versions from now on, or stops to."),
        method<&operate>(
            "upload_part",
            with({bucket_param(), key_param(), string("upload", "its id"), count("part", "1 to 10000")},
                 {content_params(),
                  {table("from", "in place of a body: { key =, bucket =, version = } of an object")
                       .optional("none"),
                   string("range", "of that object").optional("all of it")}}),
            "{ etag } | nil, err", "Adds a part, or replaces it; in any order."),
    },
    show)};

// The classes of the profile with what the script changes in them.
void read_classes(lua_State* L, const Arguments& a, ObjectProfile& profile) {
  const Value given = to_value(L, a.index_of("classes"));
  std::vector<std::string> names;
  for (const StorageClass& cls : profile.classes) names.push_back(cls.name);
  for (const auto& [name, changes] : given.is_map() ? given.map() : Value::Map{}) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
      a.reject("classes", fmt::format("there is no '{}'{}", name, did_you_mean(name, names)));
    StorageClass& cls = profile.classes[static_cast<std::size_t>(found - names.begin())];
    const std::vector<std::pair<std::string, double*>> prices = {
        {"per_1000_reads", &cls.per_1000_reads},
        {"per_1000_transitions", &cls.per_1000_transitions},
        {"per_1000_writes", &cls.per_1000_writes},
        {"retrieval", &cls.retrieval},
        {"storage", &cls.storage}};
    std::vector<std::string> known = {"bytes_min", "duration_min"};
    for (const auto& [field, price] : prices) known.push_back(field);
    for (const auto& [field, number] : changes.is_map() ? changes.map() : Value::Map{}) {
      const auto price =
          std::find_if(prices.begin(), prices.end(), [&](const auto& p) { return p.first == field; });
      if (std::find(known.begin(), known.end(), field) == known.end()) {
        a.reject("classes", fmt::format("'{}' has no '{}'{}", name, field, did_you_mean(field, known)));
      }
      if (!number.is_number() || !(number.number() >= 0 && number.number() <= 1e15)) {
        a.reject("classes", fmt::format("'{}' of '{}' is a number of at least 0", field, name));
      }
      if (price != prices.end()) *price->second = number.number();
      if (field == "bytes_min") cls.bytes_min = static_cast<std::uint64_t>(number.number());
      if (field == "duration_min") cls.duration_min = from_seconds(std::min(number.number(), 9e9));
    }
  }
}

const Component objects{{
    .name = "store.objects",
    .summary =
        "An object store: buckets, full paths as keys, versions, uploads in parts, storage classes with what "
        "they cost, lifecycle rules, events. Sizes may be numbers, so that 5 TiB take no memory.",
    .params =
        {choice("profile", profile_names(), "whose published limits and prices").optional("'s3-2024'"),
         table("classes",
               "{ NAME = { storage =, duration_min =, bytes_min =, retrieval =, per_1000_writes =, "
               "per_1000_reads =, per_1000_transitions = } }: what differs from the profile")
             .optional("the profile's"),
         duration("lag",
                  "how late a replica may learn of a change: the model before December 2020; 0: strong")
             .optional("0"),
         count("replicas", "with a lag: how many there are to be asked")
             .at_least(1)
             .at_most(100)
             .optional("3"),
         count("seed", "with a lag: which one is asked").optional("the session's seed"),
         size("object_bytes", "the largest object").at_least(1).optional("the profile's: 5 TiB"),
         size("put_bytes", "the largest single put or copy").at_least(1).optional("the profile's: 5 GiB"),
         size("part_bytes_min", "the smallest part but the last").optional("the profile's: 5 MiB"),
         size("part_bytes", "the largest part").at_least(1).optional("the profile's: 5 GiB"),
         count("parts", "of an upload").at_least(1).optional("the profile's: 10000"),
         count("page", "entries of a list").at_least(1).at_most(100000).optional("the profile's: 1000"),
         count("buckets", "of the account").at_least(1).optional("the profile's: 100"),
         rate("writes", "a second and prefix; 0: no limit").optional("the profile's: 3500"),
         rate("reads", "a second and prefix; 0: no limit").optional("the profile's: 5500")},
    .returns = "Objects",
    .cost = "O(log n) a call; a day on which something falls due, O(objects of the bucket)",
    .paper =
        "Amazon S3 user guide (limits, naming rules, lifecycle); prices from memory, so defaults of ours",
    .example = R"(
local s3 = lab.store.objects()
s3:create_bucket{ bucket = "photos", now = 0 }
s3:put_object{ bucket = "photos", key = "2024/cat.jpg", size = 2*MiB, now = 0 }
s3:put_object{ bucket = "photos", key = "2024/dog.jpg", body = "woof", now = 0 }
local page = s3:list_objects{ bucket = "photos", delimiter = "/", now = 0 }
local etag = s3:head_object{ bucket = "photos", key = "2024/dog.jpg", now = 0 }.etag
local _, err = s3:put_object{ bucket = "photos", key = "2024/dog.jpg", if_none_match = "*", now = 1 }
s3:set_lifecycle{ bucket = "photos", now = 1, rules = {
  { prefix = "2024/", transitions = { { days = 30, class = "STANDARD_IA" } }, expire_days = 365 } } }
local later = s3:head_object{ bucket = "photos", key = "2024/cat.jpg", now = 31*86400 }
local _, gone = s3:get_object{ bucket = "photos", key = "2024/cat.jpg", now = 366*86400 }
return page.prefixes[1] == "2024/" and #page.keys == 0 and err.code == "PreconditionFailed"
  and etag == "8fdb60801e9d39a5286aa01dd1f4f4f3" and later.class == "STANDARD_IA" and gone.code == "NoSuchKey")",
    .make =
        [](lua_State* L, Arguments& a) {
          ObjectStoreOptions o;
          o.profile = *find_object_profile(a.string("profile", "s3-2024"));
          o.lag = a.duration("lag", o.lag);
          o.replicas = static_cast<std::uint32_t>(a.count("replicas", o.replicas));
          o.seed = a.count("seed", LuaHost::of(L).options().seed);
          ObjectProfile& p = o.profile;
          p.object_bytes_max = a.count("object_bytes", p.object_bytes_max);
          p.put_bytes_max = a.count("put_bytes", p.put_bytes_max);
          p.part_bytes_min = a.count("part_bytes_min", p.part_bytes_min);
          p.part_bytes_max = a.count("part_bytes", p.part_bytes_max);
          p.parts_max = a.count("parts", p.parts_max);
          p.page_max = a.count("page", p.page_max);
          p.buckets_max = a.count("buckets", p.buckets_max);
          p.writes_max = a.number("writes", p.writes_max);
          p.reads_max = a.number("reads", p.reads_max);
          if (a.has("classes")) read_classes(L, a, p);
          return push(L, std::make_shared<ObjectStore>(std::move(o)));
        },
}};

void read_buckets(lua_State* L, const Arguments& a, ObjectServiceOptions& o) {
  const Value given = to_value(L, a.index_of("buckets"));
  if (!given.is_map())
    a.reject("buckets", "expected { NAME = { versioning =, lifecycle =, notifications = } }");
  ObjectStore trial(o.store);
  const auto step = [&](const std::string& name, const char* operation, Value arguments) {
    arguments = arguments.with("bucket", name);
    if (const Result done = trial.apply(operation, arguments); !done.ok()) {
      a.reject("buckets", fmt::format("'{}': {}", name, done.error().message));
    }
    o.setup.push_back({operation, std::move(arguments)});
  };
  for (const auto& [name, setup] : given.map()) {
    const std::vector<std::string> known = {"lifecycle", "notifications", "versioning"};
    for (const auto& [field, value] : setup.is_map() ? setup.map() : Value::Map{}) {
      if (std::find(known.begin(), known.end(), field) == known.end()) {
        a.reject("buckets",
                 fmt::format("there is no '{}' in '{}'{}", field, name, did_you_mean(field, known)));
      }
    }
    step(name, "create_bucket", Value::map({{"versioning", setup["versioning"]}}));
    if (!setup["lifecycle"].is_nil())
      step(name, "set_lifecycle", Value::map({{"rules", setup["lifecycle"]}}));
    if (!setup["notifications"].is_nil()) {
      step(name, "set_notifications", Value::map({{"rules", setup["notifications"]}}));
    }
    if (o.bucket.empty()) o.bucket = name;
  }
}

const Component object_service{{
    .name = "store.object_service",
    .summary = "An object store behind a service, with a log on the node's disk. Requests: the operations of "
               "lab.store.objects (type = 'put_object', bucket =, key =, ...), and get, put, delete, list "
               "for callers "
               "that know only keys; events go to nodes or queues.",
    .params = {object("store", "Objects", "its limits and prices; what is in it is not taken over")
                   .optional("as lab.store.objects()"),
               table("buckets",
                     "{ NAME = { versioning =, lifecycle = rules, notifications = rules } }, there from the "
                     "beginning")
                   .optional("none"),
               string("bucket", "of requests that name none").optional("the first of `buckets`"),
               rate("bandwidth", "bytes a second and request; 0: no limit").optional("0"),
               duration("event_timeout", "of telling an event").above(0).optional("5 s"),
               duration("event_wait", "before it is told again; doubles up to a minute")
                   .above(0)
                   .optional("0.5 s")},
    .returns = "Filter",
    .cost = "a write and a sync of the disk a write",
    .paper = "Amazon S3 user guide: event notifications (at least once, in no order)",
    .example = R"(
local w = lab.world{ seed = 1 }
local s3 = w:service("s3", { filters = { lab.store.object_service{ buckets = { photos = {
  notifications = { { events = { "ObjectCreated:*" }, prefix = "in/", suffix = ".jpg", to = "resize" } } } } } } })
w:service("resize", { handler = function(event)
  s3:call{ type = "put_object", key = event.key:gsub("^in/", "small/"), size = event.size / 100 }
  return true
end })
s3:call{ type = "put_object", bucket = "photos", key = "in/cat.jpg", size = 2e6 }
w:run(1*s)
w:inject(lab.fault.crash("s3")); w:inject(lab.fault.restart("s3")); w:run(1*s)
return s3:call{ type = "head_object", key = "small/cat.jpg" }.size == 20000
  and #s3:call{ type = "list", prefix = "in/" }.keys == 1)",
    .make =
        [](lua_State* L, Arguments& a) {
          ObjectServiceOptions o;
          if (const auto store = a.object<ObjectStore>("store")) o.store = store->options();
          if (a.has("buckets")) read_buckets(L, a, o);
          o.bucket = a.string("bucket", o.bucket);
          o.bandwidth = a.number("bandwidth", o.bandwidth);
          o.event_timeout = a.duration("event_timeout", o.event_timeout);
          o.event_wait = a.duration("event_wait", o.event_wait);
          return push_filter(L, "objects", make_object_service(std::move(o)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab

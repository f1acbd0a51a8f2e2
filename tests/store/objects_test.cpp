#include "core/store/objects.hpp"

#include <catch2/catch.hpp>

#include "core/store/objects_service.hpp"
#include "tests/runtime/fake_env.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

constexpr double kMiB = 1 << 20;
constexpr double kGiB = 1 << 30;

Instant at(double seconds) {
  return Instant(from_seconds(seconds));
}
Instant day(double days) {
  return at(days * 86400);
}

// A store with the bucket "box", whose clock moves only when a test says so.
struct Setup {
  ObjectStore store;
  Instant now{};

  explicit Setup(ObjectStoreOptions options = {}) : store(std::move(options)) {
    REQUIRE(ask("create_bucket", {}).ok());
  }
  Result ask(const char* operation, Value::Map a) {
    Value body = Value::map(std::move(a));
    if (body["bucket"].is_nil()) body = body.with("bucket", "box");
    const Result result = store.perform(now, operation, body);
    store.check_invariants();
    return result;
  }
  std::string code(const char* operation, Value::Map a) {
    const Result result = ask(operation, std::move(a));
    return result.ok() ? "ok" : result.error().code;
  }
  Value put(const char* key, double size, Value::Map more = {}) {
    more.emplace_back("key", key);
    more.emplace_back("size", size);
    return *ask("put_object", std::move(more));
  }
  std::string cls(const char* key) {
    const Result head = ask("head_object", {{"key", key}});
    return head.ok() ? std::string((*head)["class"].string()) : head.error().code;
  }
  void lifecycle(Value::Map rule) {
    REQUIRE(code("set_lifecycle", {{"rules", Value::list({Value::map(std::move(rule))})}}) == "ok");
  }
  void to(Instant t) {
    now = t;
    store.advance(t);
    store.check_invariants();
  }
  Value line(const char* cls) { return store.bill()["classes"][cls]; }
};

Value transition(double days, const char* cls) {
  return Value::map({{"days", days}, {"class", cls}});
}

std::string names(const Value& list, const char* field) {
  std::string out;
  for (const Value& v : list.list()) out += std::string(v.is_string() ? v.string() : v[field].string()) + " ";
  return out;
}

}  // namespace

TEST_CASE("objects: each broken naming rule of a bucket has a name", "[store][objects]") {
  const auto rule = [](std::string_view name) {
    const auto problem = bucket_name_problem(name);
    return problem ? std::string(problem->rule) : "";
  };
  // The examples of the user guide's page "Bucket naming rules".
  for (const char* good : {"docexamplebucket1", "log-delivery-march-2020", "my-hosted-content",
                           "docexamplewebsite.com", "my.example.s3.bucket", "a1b", "192.168.5.400a"}) {
    CHECK(rule(good).empty());
  }
  CHECK(rule("ab") == "TooShort");
  CHECK(rule(std::string(64, 'a')) == "TooLong");
  CHECK(rule(std::string(63, 'a')).empty());
  CHECK(rule("DocExampleBucket") == "UpperCase");
  CHECK(rule("doc_example_bucket") == "BadCharacter");
  CHECK(rule("-bucket") == "BadBegin");
  CHECK(rule("doc-example-bucket-") == "BadEnd");
  CHECK(rule("doc..bucket") == "AdjacentDots");
  CHECK(rule("192.168.5.4") == "IpAddress");
  CHECK(rule("xn--bucket") == "ReservedPrefix");
  CHECK(rule("sthree-bucket") == "ReservedPrefix");
  CHECK(rule("amzn-s3-demo-bucket") == "ReservedPrefix");
  for (const char* bad : {"box-s3alias", "box--ol-s3", "box.mrap", "box--x-s3", "box--table-s3"}) {
    CHECK(rule(bad) == "ReservedSuffix");
  }
  Setup s;
  const Result refused = s.store.perform({}, "create_bucket", Value::map({{"bucket", "a..b"}}));
  CHECK(refused.error().code == "InvalidBucketName");
  CHECK(refused.error().message.starts_with("AdjacentDots: "));
  CHECK(s.code("create_bucket", {}) == "BucketAlreadyOwnedByYou");
}

TEST_CASE("objects: an ETag is the MD5 of the bytes, or of the parts' MD5s", "[store][objects]") {
  Setup s;
  // Reference: Python's hashlib.
  CHECK((*s.ask("put_object", {{"key", "a"}, {"body", "hello world"}}))["etag"] ==
        Value("5eb63bbbe01eeed093cb22bb8f5acdc3"));
  CHECK((*s.ask("put_object", {{"key", "empty"}}))["etag"] == Value("d41d8cd98f00b204e9800998ecf8427e"));
  const Value upload = (*s.ask("create_upload", {{"key", "big"}}))["upload"];
  const std::string first(5 << 20, 'a');
  const Value one =
      (*s.ask("upload_part", {{"key", "big"}, {"upload", upload}, {"part", 1}, {"body", first}}))["etag"];
  const Value two =
      (*s.ask("upload_part", {{"key", "big"}, {"upload", upload}, {"part", 7}, {"body", "end"}}))["etag"];
  const auto item = [](int part, const Value& etag) { return Value::map({{"part", part}, {"etag", etag}}); };
  const Value both = Value::list({item(1, one), item(7, two)});
  const Result made = s.ask("complete_upload", {{"key", "big"}, {"upload", upload}, {"parts", both}});
  CHECK((*made)["etag"] == Value("cc8f6f16b44b75adde6349ab98aee432-2"));
  CHECK((*made)["size"] == Value(5 * kMiB + 3));
  CHECK((*s.ask("get_object", {{"key", "big"}, {"range", "bytes=5242878-"}}))["body"] == Value("aaend"));
  CHECK((*s.ask("head_object", {{"key", "big"}}))["parts"] == Value(2));
  // A copy is one piece again.
  const Result copy = s.ask("copy_object", {{"key", "copy"}, {"from", Value::map({{"key", "big"}})}});
  CHECK((*copy)["etag"].string().find('-') == std::string_view::npos);
  CHECK((*copy)["size"] == Value(5 * kMiB + 3));
}

TEST_CASE("objects: conditions on writes and reads", "[store][objects]") {
  Setup s;
  const Value etag = (*s.ask("put_object", {{"key", "a"}, {"body", "1"}, {"if_none_match", "*"}}))["etag"];
  CHECK(s.code("put_object", {{"key", "a"}, {"body", "2"}, {"if_none_match", "*"}}) == "PreconditionFailed");
  CHECK(s.code("put_object", {{"key", "a"}, {"body", "2"}, {"if_match", "nonsense"}}) ==
        "PreconditionFailed");
  CHECK(s.code("put_object", {{"key", "b"}, {"body", "2"}, {"if_match", etag}}) == "NoSuchKey");
  CHECK(s.code("get_object", {{"key", "a"}, {"if_none_match", etag}}) == "NotModified");
  CHECK(s.code("get_object", {{"key", "a"}, {"if_match", "\"" + std::string(etag.string()) + "\""}}) == "ok");
  CHECK(s.code("put_object", {{"key", "a"}, {"body", "2"}, {"if_match", etag}}) == "ok");
  CHECK(s.code("get_object", {{"key", "a"}, {"if_match", etag}}) == "PreconditionFailed");
}

TEST_CASE("objects: ranges as HTTP has them", "[store][objects]") {
  Setup s;
  s.ask("put_object", {{"key", "a"}, {"body", "0123456789"}});
  const auto read = [&](const char* range) {
    const Result got = s.ask("get_object", {{"key", "a"}, {"range", range}});
    return got.ok() ? std::string((*got)["body"].string()) : got.error().code;
  };
  CHECK(read("bytes=0-0") == "0");
  CHECK(read("bytes=2-4") == "234");
  CHECK(read("bytes=7-") == "789");
  CHECK(read("bytes=-3") == "789");
  CHECK(read("bytes=-30") == "0123456789");
  CHECK(read("bytes=8-100") == "89");
  for (const char* bad : {"bytes=10-", "bytes=4-2", "bytes=-0", "bytes=-", "bytes=a-b", "2-4", "bytes=1"}) {
    CHECK(read(bad) == "InvalidRange");
  }
  s.put("sized", 100, {{"content", "film"}});
  const Result part = s.ask("get_object", {{"key", "sized"}, {"range", "bytes=10-19"}});
  CHECK((*part)["length"] == Value(10));
  CHECK((*part)["content"] == Value("film"));
  CHECK((*part)["range"]["last"] == Value(19));
}

TEST_CASE("objects: folders are only prefixes, and pages go on where they ended", "[store][objects]") {
  Setup s;
  for (const char* key : {"a.txt", "photos/1.jpg", "photos/2/x.jpg", "photos/2/y.jpg", "photos/3.jpg", "z"})
    s.put(key, 1);
  const auto list = [&](Value::Map a) { return *s.ask("list_objects", std::move(a)); };
  Value page = list({{"delimiter", "/"}});
  CHECK(names(page["keys"], "key") == "a.txt z ");
  CHECK(names(page["prefixes"], "") == "photos/ ");
  page = list({{"delimiter", "/"}, {"prefix", "photos/"}});
  CHECK(names(page["keys"], "key") == "photos/1.jpg photos/3.jpg ");
  CHECK(names(page["prefixes"], "") == "photos/2/ ");
  CHECK(names(list({{"start_after", "photos/2/x.jpg"}})["keys"], "key") == "photos/2/y.jpg photos/3.jpg z ");
  // Page by page, with and without a delimiter, nothing is missing and nothing comes twice.
  for (const char* delimiter : {"", "/"}) {
    std::string all;
    Value token;
    int pages = 0;
    do {
      page = list({{"delimiter", delimiter}, {"max", 1}, {"token", token}});
      all += names(page["keys"], "key") + names(page["prefixes"], "");
      token = page["token"];
      REQUIRE(++pages < 20);
    } while (page["truncated"].truthy());
    CHECK(all == (delimiter[0] == 0 ? "a.txt photos/1.jpg photos/2/x.jpg photos/2/y.jpg photos/3.jpg z "
                                    : "a.txt photos/ z "));
  }
  for (int i = 0; i < 2500; ++i)
    s.store.perform(s.now += sec(1), "put_object",
                    Value::map({{"bucket", "box"}, {"key", "n/" + std::to_string(i)}}));
  page = list({{"prefix", "n/"}, {"max", 5000}});
  CHECK(page["keys"].list().size() == 1000);
  page = list({{"prefix", "n/"}, {"token", page["token"]}});
  page = list({{"prefix", "n/"}, {"token", page["token"]}});
  CHECK(page["keys"].list().size() == 500);
  CHECK_FALSE(page["truncated"].truthy());
}

TEST_CASE("objects: versions, delete markers, and the null version", "[store][objects]") {
  Setup s;
  s.put("k", 1);  // before versioning: the null version
  REQUIRE(s.code("set_versioning", {{"status", "enabled"}}) == "ok");
  const Value v2 = s.put("k", 2)["version"], v3 = s.put("k", 3)["version"];
  const auto size = [&](const Value& version) {
    const Result got = s.ask("get_object", {{"key", "k"}, {"version", version}});
    return got.ok() ? Value((*got)["size"]).json() : got.error().code;
  };
  CHECK(size({}) == "3");
  CHECK(size("null") == "1");
  CHECK(size(v2) == "2");
  CHECK(size("v999") == "NoSuchVersion");
  const Value marker = (*s.ask("delete_object", {{"key", "k"}}))["version"];
  CHECK(size({}) == "NoSuchKey");
  CHECK(size(marker) == "MethodNotAllowed");
  CHECK(size(v3) == "3");
  CHECK((*s.ask("list_objects", {}))["keys"].list().empty());
  CHECK((*s.ask("list_versions", {}))["versions"].list().size() == 4);
  // Page by page they are the same.
  std::string numbers;
  for (Value token;;) {
    const Value page = *s.ask("list_versions", {{"max", 1}, {"token", token}});
    numbers += std::string(page["versions"].list()[0]["version"].string()) + " ";
    if (!page["truncated"].truthy()) break;
    token = page["token"];
  }
  CHECK(numbers == std::string(marker.string()) + " " + std::string(v3.string()) + " " +
                       std::string(v2.string()) + " null ");
  // Deleting the marker brings it back; deleting versions is for good.
  s.ask("delete_object", {{"key", "k"}, {"version", marker}});
  CHECK(size({}) == "3");
  s.ask("delete_object", {{"key", "k"}, {"version", v3}});
  CHECK(size({}) == "2");
  // Suspended: the null version is overwritten, the others stay.
  s.ask("set_versioning", {{"status", "suspended"}});
  s.put("k", 9);
  s.put("k", 10);
  CHECK(size("null") == "10");
  CHECK(size(v2) == "2");
  CHECK((*s.ask("delete_object", {{"key", "k"}}))["version"] == Value("null"));
  CHECK(size("null") == "MethodNotAllowed");
  CHECK((*s.ask("list_versions", {}))["versions"].list().size() == 2);
  CHECK(s.code("delete_bucket", {}) == "BucketNotEmpty");
}

TEST_CASE("objects: multipart limits are the published ones", "[store][objects]") {
  Setup s;
  const Value upload = (*s.ask("create_upload", {{"key", "k"}}))["upload"];
  const auto part = [&](double n, double size) {
    const Result made = s.ask("upload_part", {{"key", "k"}, {"upload", upload}, {"part", n}, {"size", size}});
    return made.ok() ? std::string((*made)["etag"].string()) : made.error().code;
  };
  CHECK(part(0, 1) == "InvalidArgument");
  CHECK(part(10001, 1) == "InvalidArgument");
  CHECK(part(1.5, 1) == "InvalidArgument");
  CHECK(part(1, 5 * kGiB + 1) == "EntityTooLarge");
  const std::string small = part(2, 5 * kMiB - 1), large = part(10000, 5 * kGiB), enough = part(3, 5 * kMiB);
  const auto item = [](double n, const std::string& etag) {
    return Value::map({{"part", n}, {"etag", etag}});
  };
  const auto complete = [&](Value::List parts) {
    return s.code("complete_upload",
                  {{"key", "k"}, {"upload", upload}, {"parts", Value::list(std::move(parts))}});
  };
  CHECK(complete({}) == "MalformedXML");
  CHECK(complete({item(3, enough), item(2, small)}) == "InvalidPartOrder");
  CHECK(complete({item(3, enough), item(3, enough)}) == "InvalidPartOrder");
  CHECK(complete({item(3, small)}) == "InvalidPart");
  CHECK(complete({item(4, enough)}) == "InvalidPart");
  CHECK(complete({item(2, small), item(3, enough)}) == "EntityTooSmall");
  CHECK(s.code("get_object", {{"key", "k"}}) == "NoSuchKey");
  // Gaps are allowed, what is not listed is dropped, the last may be small. The parts that wait cost.
  CHECK(s.line("STANDARD")["bytes"] == Value(5 * kMiB - 1 + 5 * kGiB + 5 * kMiB));
  CHECK((*s.ask("list_parts", {{"key", "k"}, {"upload", upload}, {"max", 2}}))["after"] == Value(3));
  CHECK(complete({item(3, enough), item(10000, large)}) == "ok");
  CHECK(s.line("STANDARD")["bytes"] == Value(5 * kMiB + 5 * kGiB));
  CHECK(complete({item(3, enough)}) == "NoSuchUpload");
  // 5 TiB is the end: 1024 parts of 5 GiB, and not a byte more.
  for (const double more : {0.0, 1.0}) {
    const Value id = (*s.ask("create_upload", {{"key", "huge"}}))["upload"];
    Value::List parts;
    for (int i = 1; i <= 1024 + more; ++i) {
      const Result made = s.store.perform(s.now, "upload_part",
                                          Value::map({{"bucket", "box"},
                                                      {"key", "huge"},
                                                      {"upload", id},
                                                      {"part", i},
                                                      {"size", i <= 1024 ? 5 * kGiB : 1}}));
      parts.push_back(item(i, std::string((*made)["etag"].string())));
    }
    CHECK(s.code("complete_upload", {{"key", "huge"}, {"upload", id}, {"parts", Value::list(parts)}}) ==
          (more > 0 ? "EntityTooLarge" : "ok"));
    s.now += sec(1);
  }
  CHECK((*s.ask("head_object", {{"key", "huge"}}))["size"] == Value(5 * 1024 * kGiB));
  CHECK(s.code("put_object", {{"key", "p"}, {"size", 5 * kGiB + 1}}) == "EntityTooLarge");
  CHECK(s.code("copy_object", {{"key", "p"}, {"from", Value::map({{"key", "huge"}})}}) == "InvalidRequest");
  // But part by part.
  const Value id = (*s.ask("create_upload", {{"key", "p"}}))["upload"];
  CHECK(s.code("upload_part", {{"key", "p"},
                               {"upload", id},
                               {"part", 1},
                               {"from", Value::map({{"key", "huge"}})},
                               {"range", "bytes=0-5368709119"}}) == "ok");
}

TEST_CASE("objects: an upload that nobody finished costs until a rule aborts it", "[store][objects]") {
  Setup s;
  s.now = at(3600);
  const Value id = (*s.ask("create_upload", {{"key", "tmp/k"}}))["upload"];
  s.ask("upload_part", {{"key", "tmp/k"}, {"upload", id}, {"part", 1}, {"size", kGiB}});
  s.to(day(30) + sec(3600));
  CHECK(s.store.bill()["storage"].number() == Approx(0.023));  // a GB for a month
  s.lifecycle({{"prefix", "tmp/"}, {"abort_days", 7}});
  s.to(day(31));
  CHECK(s.line("STANDARD")["bytes"] == Value(0));
  CHECK((*s.ask("list_uploads", {}))["uploads"].list().empty());
  CHECK(s.code("abort_upload", {{"key", "tmp/k"}, {"upload", id}}) == "NoSuchUpload");
}

TEST_CASE("objects: lifecycle days are rounded up to midnight", "[store][objects]") {
  // The user guide's example: created on January 15 at 10:30, three days: January 19, 00:00.
  Setup s;
  s.to(day(14) + sec(10 * 3600 + 1800));
  s.put("k", 1e6);
  s.lifecycle({{"expire_days", 3}});
  s.to(day(18) - sec(1));
  CHECK(s.cls("k") == "STANDARD");
  s.to(day(18));
  CHECK(s.cls("k") == "NoSuchKey");
}

TEST_CASE("objects: transitions go only to colder classes, and each is paid for", "[store][objects]") {
  Setup s;
  s.put("k", 10 * kGiB / 2);
  s.put("small", 1000);
  s.lifecycle({{"transitions", Value::list({transition(30, "STANDARD_IA"), transition(120, "DEEP_ARCHIVE")})},
               {"expire_days", 400}});
  s.to(day(29));
  CHECK(s.cls("k") == "STANDARD");
  s.to(day(30));
  CHECK(s.cls("k") == "STANDARD_IA");
  CHECK(s.cls("small") == "STANDARD");  // under 128 KiB
  s.to(day(120));
  CHECK(s.cls("k") == "DEEP_ARCHIVE");
  CHECK(s.code("get_object", {{"key", "k"}}) == "InvalidObjectState");
  const Value bill = s.store.bill();
  // By hand: 5 GiB for 30 days at 0.023 and for 90 days at 0.0125 a GB and month; the small one for 120 days.
  CHECK(bill["storage"].number() == Approx(5 * 0.023 + 5 * 3 * 0.0125 + 4 * 0.023 * 1000 / kGiB));
  CHECK(bill["transitions"].number() == Approx((0.01 + 0.05) / 1000));
  CHECK(bill["early_deletion"].number() == 0);
  // Gone on day 400; it has been in DEEP_ARCHIVE for 280 of at least 180 days.
  s.to(day(400));
  CHECK(s.cls("k") == "NoSuchKey");
  CHECK(s.store.bill()["early_deletion"].number() == 0);
  // A rule that is made later applies to what is there.
  s.put("late", 1e6);
  s.to(day(500));
  s.lifecycle({{"transitions", Value::list({transition(0, "GLACIER")})}});
  s.to(day(501));
  CHECK(s.cls("late") == "GLACIER");
}

TEST_CASE("objects: rules that cannot be are refused", "[store][objects]") {
  Setup s;
  const auto set = [&](Value::Map rule) {
    const Result done = s.ask("set_lifecycle", {{"rules", Value::list({Value::map(std::move(rule))})}});
    return done.ok() ? "ok" : done.error().message;
  };
  CHECK(set({{"expire_dayz", 1}}).find("did you mean 'expire_days'") != std::string::npos);
  CHECK(set({{"expire_days", 0}}).find("at least 1") != std::string::npos);
  CHECK(set({{"expire_days", 1.5}}).find("whole number") != std::string::npos);
  CHECK(set({{"transitions", Value::list({transition(29, "STANDARD_IA")})}}).find("30 days") !=
        std::string::npos);
  CHECK(set({{"transitions", Value::list({transition(29, "STANDARD")})}}).find("nothing moves into") !=
        std::string::npos);
  CHECK(set({{"transitions", Value::list({transition(29, "GLACIR")})}}).find("did you mean 'GLACIER'") !=
        std::string::npos);
  CHECK(set({{"transitions", Value::list({transition(90, "DEEP_ARCHIVE"), transition(120, "GLACIER")})}})
            .find("colder") != std::string::npos);
  CHECK(set({{"transitions", Value::list({transition(90, "GLACIER")})}, {"expire_days", 90}})
            .find("after every transition") != std::string::npos);
  CHECK(set({{"prefix", "x"}}).find("does nothing") != std::string::npos);
  CHECK(s.code("set_lifecycle", {{"rules", 5}}) == "InvalidArgument");
  CHECK(s.code("set_lifecycle", {{"rules", Value::list({Value(5)})}}) == "InvalidArgument");
}

TEST_CASE("objects: what leaves a class early is paid for until its minimum", "[store][objects]") {
  Setup s;
  s.put("k", kGiB, {{"class", "GLACIER_IR"}});
  s.to(day(30));
  s.ask("delete_object", {{"key", "k"}});
  // 30 days stored, and 60 more of the 90.
  CHECK(s.line("GLACIER_IR")["storage"].number() == Approx(0.004));
  CHECK(s.line("GLACIER_IR")["early_deletion"].number() == Approx(2 * 0.004));
  // Overwriting is leaving, too, and a small object is billed as 128 KiB.
  s.put("small", 1, {{"class", "STANDARD_IA"}});
  CHECK(s.line("STANDARD_IA")["bytes"] == Value(128 * 1024));
  s.put("small", 1);
  CHECK(s.line("STANDARD_IA")["early_deletion"].number() == Approx(0.0125 * 128 * 1024 / kGiB));
}

TEST_CASE("objects: an archived object is read after a restore, for a while", "[store][objects]") {
  Setup s;
  s.put("k", 10.0 * kGiB / 4, {{"class", "GLACIER"}});
  // 32 KiB beside it, and 8 KiB in the first class.
  CHECK(s.line("GLACIER")["bytes"] == Value(2.5 * kGiB + 32 * 1024));
  CHECK(s.line("STANDARD")["bytes"] == Value(8 * 1024));
  CHECK(s.code("restore_object", {{"key", "k"}, {"tier", "Express"}}) == "InvalidArgument");
  CHECK(s.code("restore_object", {{"key", "k"}, {"days", 0}}) == "InvalidArgument");
  CHECK(s.code("restore_object", {{"key", "k"}, {"days", 2}}) == "ok");
  CHECK(s.code("restore_object", {{"key", "k"}}) == "RestoreAlreadyInProgress");
  s.to(at(5 * 3600 - 1));
  CHECK(s.code("get_object", {{"key", "k"}}) == "InvalidObjectState");
  s.to(at(5 * 3600));
  CHECK(s.code("get_object", {{"key", "k"}}) == "ok");
  CHECK(s.line("STANDARD")["bytes"] == Value(8 * 1024 + 2.5 * kGiB));  // the copy costs, too
  s.to(day(2) + sec(5 * 3600));
  CHECK(s.code("get_object", {{"key", "k"}}) == "InvalidObjectState");
  CHECK(s.line("STANDARD")["bytes"] == Value(8 * 1024));
  CHECK(s.line("GLACIER")["retrieval"].number() == Approx(2.5 * 0.01 + 0.05 / 1000));
  s.put("hot", 1);
  CHECK(s.code("restore_object", {{"key", "hot"}}) == "InvalidObjectState");
}

TEST_CASE("objects: restoring 15 million objects of 100 TiB costs what the vendor's example says",
          "[store][objects]") {
  // repost.aws, "manage data retrieval": Standard 750 $ + 1,024 $, Expedited 150,000 $ + 3,072 $. A millionth
  // of it.
  for (const auto& [tier, cost] : {std::pair("Standard", 1774.0), std::pair("Expedited", 153072.0)}) {
    Setup s;
    for (int i = 0; i < 15; ++i) {
      const std::string key = "p" + std::to_string(i);
      s.put(key.c_str(), std::floor(102400.0 * kGiB / 15e6), {{"class", "GLACIER"}});
      REQUIRE(s.code("restore_object", {{"key", key}, {"tier", tier}}) == "ok");
    }
    CHECK(s.store.bill()["retrieval"].number() == Approx(cost / 1e6).epsilon(1e-6));
  }
}

TEST_CASE("objects: tiering follows the reads", "[store][objects]") {
  Setup s;
  s.put("k", kGiB, {{"class", "INTELLIGENT_TIERING"}});
  s.put("small", 1000, {{"class", "INTELLIGENT_TIERING"}});
  const auto tier = [&](const char* key) {
    return std::string((*s.ask("head_object", {{"key", key}}))["tier"].string());
  };
  s.to(day(29));
  CHECK(tier("k") == "FREQUENT");
  s.to(day(30));
  CHECK(tier("k") == "INFREQUENT");
  s.ask("get_object", {{"key", "k"}});
  CHECK(tier("k") == "FREQUENT");
  s.to(day(60));
  CHECK(tier("k") == "INFREQUENT");
  s.to(day(120));
  CHECK(tier("k") == "ARCHIVE_INSTANT");
  CHECK(tier("small") == "FREQUENT");
  const Value bill = s.store.bill();
  // Days 0-30, 30-60 frequent, 60-120 infrequent; the small one is always frequent and not monitored.
  CHECK(bill["storage"].number() == Approx(0.023 + 0.023 + 2 * 0.0125 + 4 * 0.023 * 1000 / kGiB));
  CHECK(bill["monitoring"].number() == Approx(4 * 0.0025 / 1000));
  CHECK(bill["retrieval"].number() == 0);
}

TEST_CASE("objects: old versions, and markers that hide nothing, go by rules of their own",
          "[store][objects]") {
  Setup s;
  s.ask("set_versioning", {{"status", "enabled"}});
  for (int i = 0; i < 5; ++i) {
    s.to(day(i));
    s.put("k", 1e6);
  }
  s.lifecycle(
      {{"noncurrent_days", 10}, {"noncurrent_keep", 1}, {"expire_days", 20}, {"expire_markers", true}});
  const auto versions = [&] { return (*s.ask("list_versions", {}))["versions"].list().size(); };
  // Noncurrent on days 1, 2, 3 and 4; the youngest of them is kept.
  s.to(day(11));
  CHECK(versions() == 4);
  s.to(day(14));
  CHECK(versions() == 2);
  // Day 24: the current one expires behind a marker and is the one old version that is kept.
  s.to(day(24));
  CHECK(s.cls("k") == "NoSuchKey");
  CHECK(versions() == 2);
  s.to(day(60));
  CHECK(versions() == 2);
  // Without that it goes ten days later, and then the marker hides nothing and goes, too.
  s.lifecycle({{"noncurrent_days", 40}, {"expire_markers", true}});
  s.to(day(63));
  CHECK(versions() == 2);
  s.to(day(64));
  CHECK(versions() == 0);
}

TEST_CASE("objects: events are filtered by name, prefix and suffix", "[store][objects]") {
  Setup s;
  const auto rule = [](const char* event, const char* prefix, const char* suffix) {
    return Value::map({{"events", Value::list({Value(event)})}, {"prefix", prefix}, {"suffix", suffix}});
  };
  const auto set = [&](Value::List rules) {
    return s.code("set_notifications", {{"rules", Value::list(std::move(rules))}});
  };
  CHECK(set({rule("s3:ObjectCreated:*", "in/", ".jpg"), rule("ObjectRemoved:*", "", "")}) == "ok");
  s.put("in/a.jpg", 1);
  s.put("in/a.txt", 1);
  s.put("out/a.jpg", 1);
  s.ask("copy_object", {{"key", "in/b.jpg"}, {"from", Value::map({{"key", "out/a.jpg"}})}});
  s.ask("delete_object", {{"key", "in/a.txt"}});
  s.ask("delete_object", {{"key", "in/nothing"}});
  std::string seen;
  for (const ObjectEvent& e : s.store.take_events())
    seen += std::string(e.body["event"].string()) + " " + std::string(e.body["key"].string()) + ", ";
  CHECK(seen == "ObjectCreated:Put in/a.jpg, ObjectCreated:Copy in/b.jpg, ObjectRemoved:Delete in/a.txt, ");
  CHECK(s.store.take_events().empty());
  CHECK(set({rule("ObjectCreated:Putt", "", "")}) == "InvalidArgument");
  CHECK(set({rule("ObjectCreated:*", "a", ""), rule("ObjectCreated:Put", "ab", "")}) == "InvalidArgument");
  CHECK(set({rule("ObjectCreated:*", "a", ""), rule("ObjectCreated:Put", "b", "")}) == "ok");
  CHECK(set({rule("ObjectCreated:*", "a", ".x"), rule("ObjectCreated:Put", "a", ".y")}) == "ok");
  CHECK(set({Value::map({{"event", "ObjectCreated:*"}})}) == "InvalidArgument");
}

TEST_CASE("objects: a prefix takes 3,500 writes and 5,500 reads a second, and another one as many",
          "[store][objects]") {
  Setup s;
  const auto ok = [&](const char* operation, const char* key, int times) {
    int n = 0;
    for (int i = 0; i < times; ++i)
      n += s.store.admit(s.now, operation, Value::map({{"bucket", "box"}, {"key", key}})).ok();
    return n;
  };
  CHECK(ok("put_object", "a/1", 5000) == 3500);
  CHECK(ok("put_object", "a/2", 1) == 0);
  CHECK(ok("put_object", "b/1", 5000) == 3500);
  CHECK(ok("get_object", "a/1", 6000) == 5500);
  s.now += ms(500);
  CHECK(ok("put_object", "a/1", 5000) == 1750);
  CHECK(s.store.admit(s.now, "put_object", Value::map({{"bucket", "box"}, {"key", "a/3"}})).error().code ==
        "SlowDown");
}

TEST_CASE("objects: before December 2020 a reader could see the past", "[store][objects]") {
  ObjectStoreOptions o;
  o.lag = sec(10);
  Setup s(o);
  const auto read = [&](const char* key) {
    const Result got = s.ask("get_object", {{"key", key}});
    return got.ok() ? std::string((*got)["body"].string()) : got.error().code;
  };
  const auto write = [&](const char* key, const char* body) {
    s.ask("put_object", {{"key", key}, {"body", body}});
  };
  std::map<std::string, int> seen;
  // A new key is seen at once, an overwritten one later, a deleted one may come back.
  write("k", "1");
  for (int i = 0; i < 50; ++i) CHECK(read("k") == "1");
  s.to(at(20));
  write("k", "2");
  for (int i = 0; i < 100; ++i) {
    s.to(at(20 + i * 0.1));
    ++seen[read("k")];
  }
  CHECK(seen["1"] > 0);
  CHECK(seen["2"] > 0);
  s.to(at(30));
  for (int i = 0; i < 50; ++i) CHECK(read("k") == "2");
  s.ask("delete_object", {{"key", "k"}});
  s.to(at(31));
  int ghosts = 0;
  for (int i = 0; i < 50; ++i) ghosts += read("k") == "2" ? 1 : 0;
  CHECK(ghosts > 0);
  // Who asked too early has made the new key late.
  CHECK(read("early") == "NoSuchKey");
  write("early", "1");
  int missing = 0;
  for (int i = 0; i < 50; ++i) missing += read("early") == "NoSuchKey" ? 1 : 0;
  CHECK(missing > 0);
  s.to(at(60));
  CHECK(read("early") == "1");
  CHECK(read("k") == "NoSuchKey");
  // Lists are late, too, and the strong store never is.
  write("listed", "1");
  int unlisted = 0;
  for (int i = 0; i < 50; ++i)
    unlisted += (*s.ask("list_objects", {{"prefix", "listed"}}))["keys"].list().empty() ? 1 : 0;
  CHECK(unlisted > 0);
}

TEST_CASE("objects: whatever is done, the bill counts what is there, and doing it again is the same",
          "[store][objects]") {
  const auto run = [](std::uint64_t seed) {
    Setup s;
    Rng rng(seed);
    s.lifecycle({{"transitions", Value::list({transition(30, "STANDARD_IA"), transition(60, "GLACIER"),
                                              transition(150, "DEEP_ARCHIVE")})},
                 {"expire_days", 300},
                 {"noncurrent_days", 20},
                 {"noncurrent_keep", 1},
                 {"expire_markers", true},
                 {"abort_days", 5}});
    const char* classes[] = {"STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER"};
    std::vector<Value> uploads;
    for (int i = 0; i < 600; ++i) {
      s.to(s.now + sec(static_cast<std::int64_t>(rng.below(86400))));
      const Value key = "k" + std::to_string(rng.below(8));
      switch (rng.below(10)) {
        case 0:
        case 1:
        case 2:
          s.ask("put_object", {{"key", key},
                               {"size", static_cast<double>(rng.below(1 << 20))},
                               {"class", classes[rng.below(5)]}});
          break;
        case 3:
          s.ask("delete_object", {{"key", key}});
          break;
        case 4:
          s.ask("get_object", {{"key", key}});
          break;
        case 5:
          s.ask("restore_object", {{"key", key}, {"days", 3}});
          break;
        case 6:
          s.ask("set_versioning", {{"status", rng.chance(0.7) ? "enabled" : "suspended"}});
          break;
        case 7: {
          const Value id = (*s.ask("create_upload", {{"key", key}}))["upload"];
          s.ask("upload_part", {{"key", key}, {"upload", id}, {"part", 1}, {"size", 6 * kMiB}});
          uploads.push_back(Value::map({{"key", key}, {"upload", id}}));
          break;
        }
        case 8: {
          if (uploads.empty()) break;
          const Value upload = uploads[rng.below(uploads.size())];
          const Result parts = s.ask("list_parts", {{"key", upload["key"]}, {"upload", upload["upload"]}});
          if (parts.ok())
            s.ask("complete_upload",
                  {{"key", upload["key"]}, {"upload", upload["upload"]}, {"parts", (*parts)["parts"]}});
          break;
        }
        default: {
          const Value all = (*s.ask("list_versions", {}))["versions"];
          if (!all.list().empty()) {
            const Value one = all.list()[rng.below(all.list().size())];
            s.ask("delete_object", {{"key", one["key"]}, {"version", one["version"]}});
          }
        }
      }
    }
    s.to(s.now + std::chrono::hours(24 * 365 * 20));
    return s.store.bill().json() + s.store.counts().json();
  };
  for (std::uint64_t seed = 1; seed <= 3; ++seed) CHECK(run(seed) == run(seed));
  CHECK(run(1) != run(2));
}

// ---- the service

namespace {

struct Served {
  FakeEnv env;
  Results results;
  std::shared_ptr<FakeService> inner = always_after(ms(1), Value("inner"));
  Filter filter;
  ServicePtr service;

  explicit Served(ObjectServiceOptions options = {}) {
    options.setup.insert(options.setup.begin(), {"create_bucket", Value::map({{"bucket", "box"}})});
    options.bucket = "box";
    filter = make_object_service(std::move(options));
    restart();
  }
  void restart() {
    service = filter(inner);
    service->on_start(env);
  }
  Result ask(const char* type, Value::Map body, Duration time = sec(1)) {
    service->call(env, {.type = type, .body = Value::map(std::move(body))}, results.reply(env));
    env.run(time);
    return results.entries.back().result;
  }
};

}  // namespace

TEST_CASE("object service: what was answered is there after a restart, down to the version",
          "[store][objects]") {
  Served s;
  s.ask("set_versioning", {{"status", "enabled"}});
  const Result first = s.ask("put_object", {{"key", "a"}, {"body", "1"}});
  s.ask("put", {{"key", "a"}, {"value", "2"}});
  s.restart();
  CHECK((*s.ask("get", {{"key", "a"}}))["body"] == Value("2"));
  CHECK((*s.ask("get_object", {{"key", "a"}, {"version", (*first)["version"]}}))["body"] == Value("1"));
  CHECK(*s.ask("dance", {}) == Value("inner"));
  CHECK(s.ask("put", {{"key", ""}}).error().code == "InvalidArgument");
  CHECK((*s.ask("list", {}))["keys"].list().size() == 1);
}

TEST_CASE("object service: time goes on by itself, and is in the log", "[store][objects]") {
  Served s;
  const Value rules =
      Value::list({Value::map({{"expire_days", 2}}),
                   Value::map({{"prefix", "x"}, {"transitions", Value::list({transition(1, "GLACIER")})}})});
  s.ask("set_lifecycle", {{"rules", rules}});
  const Value told =
      Value::list({Value::map({{"events", Value::list({Value("LifecycleExpiration:*")})}, {"to", "ears"}})});
  s.ask("set_notifications", {{"rules", told}});
  s.env.add_node("ears");
  s.env.on_call = [&](FakeEnv::Call& call) { s.env.answer_after(ms(1), call, Value(true)); };
  s.ask("put", {{"key", "x"}, {"size", 1e6}});
  s.env.run(std::chrono::hours(48));
  CHECK((*s.ask("head", {{"key", "x"}}))["class"] == Value("GLACIER"));
  s.env.run(std::chrono::hours(24));
  REQUIRE(s.env.calls.size() == 1);
  CHECK(s.env.calls[0].request.body["event"] == Value("LifecycleExpiration:Delete"));
  CHECK(s.ask("head", {{"key", "x"}}).error().code == "NoSuchKey");
}

TEST_CASE("object service: an event is told until it is heard, and after a crash perhaps again",
          "[store][objects]") {
  Served s;
  s.env.add_node("ears");
  s.env.add_node("mq");
  const auto rule = [](const char* prefix, const char* to, const char* queue) {
    return Value::map({{"events", Value::list({Value("ObjectCreated:*")})},
                       {"prefix", prefix},
                       {"to", to},
                       {"queue", queue}});
  };
  s.ask("set_notifications", {{"rules", Value::list({rule("a", "ears", ""), rule("b", "mq", "jobs")})}});
  int refuse = 2;
  s.env.on_call = [&](FakeEnv::Call& call) {
    s.env.answer_after(ms(1), call,
                       refuse-- > 0 ? Result(make_error("timeout", "lost")) : Result(Value(true)));
  };
  s.ask("put", {{"key", "a1"}}, sec(10));
  CHECK(s.env.calls.size() == 3);
  CHECK(s.env.calls[0].request.type == "object_event");
  CHECK(s.env.calls[2].request.body["key"] == Value("a1"));
  s.ask("put", {{"key", "b1"}}, sec(10));
  REQUIRE(s.env.calls.size() == 4);
  CHECK(s.env.calls[3].request.type == "send");
  CHECK(s.env.calls[3].request.body["queue"] == Value("jobs"));
  CHECK(s.env.calls[3].request.body["body"]["key"] == Value("b1"));
  // Heard and remembered: a restart does not repeat it.
  s.restart();
  s.env.run(sec(10));
  CHECK(s.env.calls.size() == 4);
}

TEST_CASE("object service: a delivery stream's request is an object of lines", "[store][objects]") {
  Served s;
  const Value records = Value::list({Value("one"), Value::map({{"n", 2}})});
  CHECK(s.ask("put_object", {{"key", "clicks/17"}, {"records", records}}).ok());
  CHECK((*s.ask("get_object", {{"key", "clicks/17"}}))["body"] == Value("one\n{\"n\":2}\n"));
}

TEST_CASE("object service: bytes take their time, and a full prefix is told so before anything is done",
          "[store][objects]") {
  ObjectServiceOptions o;
  o.bandwidth = 1e6;
  o.store.profile.writes_max = 2;
  Served s(o);
  const Instant began = s.env.now();
  s.ask("put", {{"key", "a"}, {"size", 5e5}});
  CHECK(s.results.entries.back().at == began + ms(501));
  s.service->call(s.env, {.type = "put", .body = Value::map({{"key", "b"}})}, s.results.reply(s.env));
  s.service->call(s.env, {.type = "put", .body = Value::map({{"key", "c"}})}, s.results.reply(s.env));
  s.service->call(s.env, {.type = "put", .body = Value::map({{"key", "d"}})}, s.results.reply(s.env));
  s.env.run(ms(10));
  CHECK(s.results.count("SlowDown") == 1);
  CHECK(s.service->show()["slowed"] == Value(1));
}

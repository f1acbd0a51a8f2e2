#include "core/shard/server.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/assert.hpp"
#include "core/shard/keyspace.hpp"

namespace syslab {
namespace {

enum class BucketState : std::uint8_t { active, sending, sent, garbage, gone, receiving };
constexpr std::string_view kStateNames[] = {"active", "sending", "sent", "garbage", "gone", "receiving"};

constexpr const char* kBuckets = "shard.buckets";  // a journal: of each bucket, the last record counts
constexpr const char* kKeys = "shard.keys";        // a journal of every key there ever was a row for
constexpr const char* kStarts = "shard.starts";    // how often the process has started
constexpr std::size_t kSessions = 64;              // of a row
constexpr int kRounds = 5;                         // of what was written again, before a bucket is frozen

// What a server knows of a bucket for good.
struct BucketRecord {
  std::uint32_t id = 0;
  BucketState state = BucketState::gone;
  std::uint64_t epoch = 0;
  std::string peer = {};      // where it goes, went or comes from
  std::uint64_t attempt = 0;  // of the copy that it receives
  bool sealed = false;        // all of it was received
  Value from = {}, to = {};   // of a range

  Value value() const {
    return Value::map({{"bucket", static_cast<double>(id)},
                       {"state", static_cast<double>(state)},
                       {"epoch", static_cast<double>(epoch)},
                       {"peer", peer},
                       {"attempt", static_cast<double>(attempt)},
                       {"sealed", sealed},
                       {"from", from},
                       {"to", to}});
  }
  static BucketRecord of(const Value& v) {
    return {.id = static_cast<std::uint32_t>(number_in(v, "bucket")),
            .state = static_cast<BucketState>(number_in(v, "state")),
            .epoch = number_in(v, "epoch"),
            .peer = v["peer"].is_string() ? std::string(v["peer"].string()) : std::string(),
            .attempt = number_in(v, "attempt"),
            .sealed = v["sealed"].truthy(),
            .from = v["from"],
            .to = v["to"]};
  }
};

// A copy on its way to another server.
struct Copy {
  enum class Step : std::uint8_t { begin, rows, seal } step = Step::begin;
  std::uint64_t run = 0;  // this copy's number in the process: late answers know theirs
  std::deque<Value> queue = {};
  std::set<Value> again = {};  // written since they were queued
  Value::List entries = {};    // of the chunk under way
  std::uint64_t sent = 0;      // chunks acknowledged
  int rounds = 0;
};

struct Bucket {
  BucketRecord record = {};
  std::set<Value> keys = {};
  std::size_t refs = 0;   // requests under way
  bool frozen = false;    // takes no more requests
  bool changing = false;  // a new record is on its way to the disk
  std::vector<std::function<void()>> drained = {};
  std::unique_ptr<Copy> copy = nullptr;
  std::uint64_t next_rows = 0;  // the chunk it waits for; 0: no copy has begun in this process
  bool taking = false;          // rows are on their way to the disk

  bool serves() const { return record.state == BucketState::active || record.state == BucketState::sending; }
  bool contains(const Value& key) const { return KeyRange{record.from, record.to}.contains(key); }
};

// A row as clients see it, and which of their requests it has seen.
struct Row {
  Value value = {};                         // nil: there is none
  std::map<std::string, double> last = {};  // seq of each client; negative: a cas that found another value

  static Row of(const Value& stored) {
    if (!stored["$last"].is_map()) return {.value = stored};
    Row row{.value = stored["$row"]};
    for (const auto& [client, seq] : stored["$last"].map()) row.last[client] = seq.number();
    return row;
  }
  Value stored() const {
    if (last.empty() && value["$last"].is_nil()) return value;
    Value::Map seen;
    for (const auto& [client, seq] : last) seen.emplace_back(client, seq);
    return Value::map({{"$row", value}, {"$last", Value::map(std::move(seen))}});
  }
};

class ShardServer final : public FilterService {
 public:
  ShardServer(const ShardServerOptions& options, ServicePtr inner)
      : FilterService("shard server", std::move(inner)), options_(options) {}

  void on_start(Env& env) override {
    FilterService::on_start(env);
    env_ = &env;
    recover();
    const std::uint64_t starts = starts_ = file_number(kStarts) + 1;
    env.disk().write(kStarts, static_cast<double>(starts), [](const Result&) {});
    env.disk().sync([this](const Result& result) {
      if (!result.ok()) return;
      ready_ = true;
      for (auto& [id, bucket] : buckets_) {
        if (bucket.record.state == BucketState::sending) start_copy(bucket);
        if (bucket.record.state == BucketState::garbage) collect(bucket);
      }
    });
    heartbeat();
  }

  void call(Env& env, Request request, Reply reply) override {
    if (!ready_) return reply(migrating_error("the shard is starting"));
    static const std::map<std::string_view, void (ShardServer::*)(const Value&, Reply)> kOrders = {
        {"shard_own", &ShardServer::own},     {"shard_send", &ShardServer::send},
        {"shard_drop", &ShardServer::drop},   {"shard_begin", &ShardServer::begin},
        {"shard_rows", &ShardServer::rows},   {"shard_seal", &ShardServer::seal},
        {"shard_split", &ShardServer::split}, {"shard_merge", &ShardServer::merge},
        {"shard_scan", &ShardServer::scan},
    };
    if (const auto order = kOrders.find(request.type); order != kOrders.end()) {
      (this->*order->second)(request.body, std::move(reply));
    } else if (request.type == "put_many" && request.body["entries"].is_list()) {
      put_many(request.body["entries"].list(), std::move(reply));
    } else if (is_row_request(request.type) && !request.key().is_nil()) {
      row_request(std::move(request), std::move(reply));
    } else {
      inner_->call(env, std::move(request), std::move(reply));
    }
  }

 private:
  using Done = std::function<void(bool ok)>;

  bool has(ShardBug bug) const { return options_.bug == bug; }

  // ---- what is on the disk

  std::uint64_t file_number(const char* file) const {
    const Result content = env_->disk().peek(file);
    return content.ok() && content->is_number() ? static_cast<std::uint64_t>(content->number()) : 0;
  }

  void recover() {
    const Result journal = env_->disk().peek(kBuckets);
    if (journal.ok() && journal->is_list()) {
      for (const Value& entry : journal->list()) {
        if (!entry["buckets"].is_list()) continue;
        space_ = keyspace_of(entry["space"]);
        for (const Value& record : entry["buckets"].list()) {
          const BucketRecord r = BucketRecord::of(record);
          buckets_[r.id].record = r;
        }
      }
    }
    const Result keys = env_->disk().peek(kKeys);
    if (!keys.ok() || !keys->is_list()) return;
    for (const Value& key : keys->list()) {
      Bucket* bucket = bucket_of_key(key);
      if (bucket != nullptr && bucket->record.state != BucketState::gone) bucket->keys.insert(key);
    }
  }

  // Changes records, all or none of them, once that is on the disk.
  void change(std::vector<BucketRecord> records, Done done) {
    Value::List list;
    for (const BucketRecord& r : records) {
      list.push_back(r.value());
      Bucket& bucket = buckets_[r.id];
      bucket.record.id = r.id;
      bucket.changing = true;
    }
    env_->disk().append(kBuckets,
                        Value::map({{"space", to_value(space_)}, {"buckets", Value::list(std::move(list))}}),
                        [](const Result&) {});
    env_->disk().sync([this, records = std::move(records), done = std::move(done)](const Result& result) {
      for (const BucketRecord& r : records) {
        Bucket& bucket = buckets_[r.id];
        bucket.changing = false;
        if (result.ok()) bucket.record = r;
      }
      done(result.ok());
    });
  }

  // As change, and answers.
  void change(std::vector<BucketRecord> records, Reply reply, const std::function<void()>& then = nullptr) {
    change(std::move(records), Done([reply = std::move(reply), then](bool ok) {
             if (!ok) return reply(make_error("io_error", "the disk failed"));
             if (then != nullptr) then();
             reply(Value(true));
           }));
  }

  // ---- keys and buckets

  // Of several that contain a key (a range that has left and come back in parts) the one that is most alive.
  Bucket* bucket_of_key(const Value& key) {
    if (!space_.ranged()) {
      if (space_.count == 0) return nullptr;
      const auto found = buckets_.find(space_.bucket(key));
      return found == buckets_.end() ? nullptr : &found->second;
    }
    static constexpr int kRank[] = {0, 0, 2, 3, 4, 1};
    Bucket* best = nullptr;
    for (auto& [id, bucket] : buckets_) {
      if (!bucket.contains(key)) continue;
      const auto rank = [](const Bucket& b) { return kRank[static_cast<std::size_t>(b.record.state)]; };
      if (best == nullptr || rank(bucket) < rank(*best)) best = &bucket;
    }
    return best;
  }

  // Why a request for a key of this bucket cannot be taken now.
  std::optional<Error> refusal(const Bucket* bucket, bool writes) const {
    if (bucket == nullptr || bucket->record.epoch == 0) return moved_error_without_place();
    const BucketRecord& r = bucket->record;
    if (bucket->serves()) {
      const bool blocked = writes && options_.block_writes && r.state == BucketState::sending;
      if (!bucket->frozen && !blocked) return std::nullopt;
      return migrating_error("the bucket is being sent");
    }
    if (r.state == BucketState::receiving) {
      if (has(ShardBug::serves_while_receiving)) return std::nullopt;
      return migrating_error("the bucket is being received");
    }
    if (has(ShardBug::serves_after_move)) return std::nullopt;
    if (r.state == BucketState::sent) return migrating_error("the bucket was sent");
    return r.peer.empty() ? moved_error_without_place() : moved_error({r.id, r.epoch, r.peer});
  }

  void release(Bucket& bucket) {
    SYSLAB_ASSERT(bucket.refs > 0);
    if (--bucket.refs > 0) return;
    for (const auto& then : std::exchange(bucket.drained, {})) then();
  }
  // Once no request for the bucket is under way.
  void when_drained(Bucket& bucket, std::function<void()> then) {
    if (bucket.refs == 0 || has(ShardBug::drains_nothing)) return then();
    bucket.drained.push_back(std::move(then));
  }

  // There will be a row: the journal must know it before the disk does.
  void remember(Bucket& bucket, const Value& key) {
    if (!bucket.keys.insert(key).second) return;
    env_->disk().append(kKeys, key, [](const Result&) {});
  }

  void served(const Bucket& bucket) const {
    if (options_.watch == nullptr) return;
    options_.watch->served(env_->name_of(env_->self()), bucket.record.id, bucket.record.epoch);
  }

  // ---- locks: many readers or one writer a key, first come, first served

  struct Lock {
    std::size_t readers = 0;
    bool writer = false;
    std::deque<std::pair<bool, std::function<void()>>> waiting = {};
  };

  void lock(const Value& key, bool writes, std::function<void()> then) {
    Lock& l = locks_[key];
    if (l.writer || !l.waiting.empty() || (writes && l.readers > 0)) {
      l.waiting.emplace_back(writes, std::move(then));
      return;
    }
    (writes ? l.writer = true : ++l.readers > 0);
    then();
  }
  void unlock(const Value& key, bool writes) {
    const auto at = locks_.find(key);
    SYSLAB_ASSERT(at != locks_.end());
    Lock& l = at->second;
    if (writes) {
      l.writer = false;
    } else {
      --l.readers;
    }
    std::vector<std::function<void()>> go;
    while (!l.waiting.empty() && !l.writer) {
      const bool next_writes = l.waiting.front().first;
      if (next_writes && l.readers > 0) break;
      (next_writes ? l.writer = true : ++l.readers > 0);
      go.push_back(std::move(l.waiting.front().second));
      l.waiting.pop_front();
    }
    if (!l.writer && l.readers == 0 && l.waiting.empty()) locks_.erase(at);
    for (const auto& then : go) then();
  }

  // ---- rows

  void row_request(Request request, Reply reply) {
    const Value key = request.key();
    Bucket* bucket = bucket_of_key(key);
    const bool writes = writes_row(request.type);
    if (std::optional<Error> why = refusal(bucket, writes)) return reply(*std::move(why));
    ++bucket->refs;
    ++outstanding_;
    const bool locks = writes || !has(ShardBug::reads_unsynced);
    Reply finish = [this, bucket, key, writes, locks, reply = std::move(reply)](Result result) {
      ++served_;
      --outstanding_;
      served(*bucket);
      // Before the bucket is given free: a copy that waits for it to drain must see the row.
      if (writes && bucket->copy != nullptr && !has(ShardBug::forgets_writes))
        bucket->copy->again.insert(key);
      if (locks) unlock(key, writes);
      release(*bucket);
      reply(std::move(result));
    };
    auto go = [this, bucket, key, writes, request = std::move(request),
               finish = std::move(finish)]() mutable {
      if (writes) {
        write(*bucket, key, std::move(request), std::move(finish));
      } else {
        inner_->call(*env_, std::move(request), [finish = std::move(finish)](Result result) {
          if (!result.ok()) return finish(std::move(result));
          Row row = Row::of(*result);
          if (row.value.is_nil()) return finish(make_error("not_found", "there is no such row"));
          finish(std::move(row.value));
        });
      }
    };
    if (locks) {
      lock(key, writes, std::move(go));
    } else {
      go();
    }
  }

  void write(Bucket& bucket, const Value& key, Request request, Reply finish) {
    const bool session = request.body["client"].is_string() && request.body["seq"].is_number() &&
                         !has(ShardBug::executes_twice);
    const auto known = rows_.find(key);
    if (known != rows_.end())
      return write_over(bucket, key, known->second, session, request, std::move(finish));
    if (!session && request.type != "cas")
      return write_over(bucket, key, {}, session, request, std::move(finish));
    const auto got = [this, &bucket, key, session, request,
                      finish = std::move(finish)](const Result& result) {
      if (!result.ok() && result.error().code != "not_found") return finish(result);
      write_over(bucket, key, result.ok() ? Row::of(*result) : Row(), session, request, finish);
    };
    inner_->call(*env_, {.type = "get", .body = Value::map({{"key", key}})}, got);
  }

  void write_over(Bucket& bucket, const Value& key, Row row, bool session, const Request& request,
                  Reply finish) {
    const Value& body = request.body;
    const std::string client(session ? body["client"].string() : std::string_view());
    const double seq = session ? body["seq"].number() : 0;
    const Error conflict = make_error("conflict", "the row has another value");
    if (const auto last = row.last.find(client);
        session && last != row.last.end() && seq <= std::abs(last->second)) {
      return finish(last->second < 0 ? Result(conflict) : Result(Value(true)));
    }
    const bool fails = request.type == "cas" && !(row.value == body["expected"]);
    if (fails && !session) return finish(conflict);
    if (!fails) {
      row.value = request.type == "delete"    ? Value()
                  : !body["value"].is_nil()   ? body["value"]
                  : !body["payload"].is_nil() ? body["payload"]
                                              : Value(true);
    }
    if (session) {
      if (row.last.size() == kSessions && !row.last.contains(client)) row.last.erase(row.last.begin());
      row.last[client] = fails ? -seq : seq;
    }
    remember(bucket, key);
    const Value stored = row.stored();
    Request store{.type = stored.is_nil() ? "delete" : "put",
                  .body = Value::map({{"key", key}, {"value", stored}})};
    // What is kept in memory is what sessions need; other rows are as they are on the disk.
    const bool keep = session || !row.last.empty();
    inner_->call(
        *env_, std::move(store),
        [this, key, keep, fails, conflict, row = std::move(row), finish = std::move(finish)](Result result) {
          if (result.ok() && keep) {
            rows_[key] = row;
          } else {
            rows_.erase(key);
          }
          if (result.ok() && fails) result = conflict;
          finish(std::move(result));
        });
  }

  void put_many(const Value::List& entries, Reply reply) {
    std::map<Value, Value> rows;
    for (const Value& entry : entries) {
      Bucket* bucket = bucket_of_key(entry["key"]);
      if (std::optional<Error> why = refusal(bucket, true)) return reply(*std::move(why));
      rows[entry["key"]] = entry["value"];
    }
    std::vector<Value> keys;
    Value::List store;
    for (const auto& [key, value] : rows) {
      Bucket* bucket = bucket_of_key(key);
      ++bucket->refs;
      remember(*bucket, key);
      keys.push_back(key);
      store.push_back(Value::map({{"key", key}, {"value", value}}));
    }
    ++outstanding_;
    const Request all{.type = "put_many", .body = Value::map({{"entries", Value::list(std::move(store))}})};
    lock_all(std::make_shared<std::vector<Value>>(std::move(keys)), 0,
             [this, all, reply = std::move(reply)](const std::vector<Value>& locked) {
               inner_->call(*env_, all, [this, locked, reply](const Result& result) {
                 ++served_;
                 --outstanding_;
                 for (const Value& key : locked) {
                   rows_.erase(key);
                   Bucket& bucket = *bucket_of_key(key);
                   served(bucket);
                   if (bucket.copy != nullptr && !has(ShardBug::forgets_writes))
                     bucket.copy->again.insert(key);
                   unlock(key, true);
                   release(bucket);
                 }
                 reply(result);
               });
             });
  }

  // In the order of keys, so that no two wait for each other.
  void lock_all(const std::shared_ptr<std::vector<Value>>& keys, std::size_t next,
                std::function<void(const std::vector<Value>&)> then) {
    if (next == keys->size()) return then(*keys);
    lock((*keys)[next], true, [this, keys, next, then = std::move(then)] { lock_all(keys, next + 1, then); });
  }

  void scan(const Value& body, Reply reply) {
    const KeyRange range{body["from"], body["to"]};
    struct Gathered {
      std::map<Value, Value> rows = {};
      std::size_t left = 0;
      std::optional<Error> error = {};
    };
    const auto gathered = std::make_shared<Gathered>();
    std::vector<std::pair<Value, Bucket*>> wanted;
    for (const Value& id : body["buckets"].is_list() ? body["buckets"].list() : Value::List{}) {
      const auto found = buckets_.find(static_cast<std::uint32_t>(id.is_number() ? id.number() : 0));
      Bucket* bucket = found == buckets_.end() ? nullptr : &found->second;
      if (std::optional<Error> why = refusal(bucket, false)) return reply(*std::move(why));
      for (const Value& key : bucket->keys) {
        if (range.contains(key)) wanted.emplace_back(key, bucket);
      }
    }
    std::sort(wanted.begin(), wanted.end());
    const std::uint64_t limit = number_in(body, "limit");
    if (limit > 0 && wanted.size() > limit) wanted.resize(limit);
    gathered->left = wanted.size() + 1;
    const auto one_less = [gathered, reply = std::move(reply)] {
      if (--gathered->left > 0) return;
      if (gathered->error) return reply(*gathered->error);
      Value::List rows;
      for (const auto& [key, value] : gathered->rows) {
        rows.push_back(Value::map({{"key", key}, {"value", value}}));
      }
      reply(Value::map({{"rows", Value::list(std::move(rows))}}));
    };
    for (const auto& [key, bucket] : wanted) {
      row_request({.type = "get", .body = Value::map({{"key", key}})},
                  [gathered, key, one_less](const Result& result) {
                    if (result.ok()) {
                      gathered->rows[key] = *result;
                    } else if (result.error().code != "not_found") {
                      gathered->error = result.error();
                    }
                    one_less();
                  });
    }
    one_less();
  }

  // ---- the manager's orders

  void own(const Value& body, Reply reply) {
    if (!body["buckets"].is_list()) return reply(make_error("malformed", "no list of buckets"));
    if (space_ == Keyspace()) space_ = keyspace_of(body["space"]);
    std::vector<BucketRecord> owned;
    for (const Value& order : body["buckets"].list()) {
      const auto id = static_cast<std::uint32_t>(number_in(order, "bucket"));
      const std::uint64_t epoch = number_in(order, "epoch");
      const auto found = buckets_.find(id);
      if (found == buckets_.end() || found->second.record.epoch == 0) {
        // Only what never had an owner comes without rows.
        if (!order["first"].truthy()) return reply(migrating_error("there is no such bucket here"));
        owned.push_back({.id = id,
                         .state = BucketState::active,
                         .epoch = epoch,
                         .from = order["from"],
                         .to = order["to"]});
        continue;
      }
      const Bucket& bucket = found->second;
      const BucketRecord& r = bucket.record;
      if (bucket.changing) return reply(migrating_error("the bucket is changing"));
      const bool received = r.state == BucketState::receiving && epoch == r.epoch + 1;
      if (received && !r.sealed) return reply(migrating_error("not all of the bucket was received"));
      const bool back = epoch > r.epoch && (bucket.serves() || r.state == BucketState::sent);
      if (!received && !back) continue;  // done, or overtaken
      BucketRecord now = r;
      now.state = BucketState::active;
      now.epoch = epoch;
      now.sealed = false;
      owned.push_back(std::move(now));
    }
    if (owned.empty()) return reply(Value(true));
    std::vector<std::uint32_t> ids;
    for (const BucketRecord& r : owned) ids.push_back(r.id);
    change(std::move(owned), std::move(reply), [this, ids] {
      for (const std::uint32_t id : ids) {
        Bucket& bucket = buckets_[id];
        bucket.frozen = false;
        bucket.copy = nullptr;
        bucket.next_rows = 0;
      }
    });
  }

  void send(const Value& body, Reply reply) {
    const auto found = buckets_.find(static_cast<std::uint32_t>(number_in(body, "bucket")));
    const std::uint64_t epoch = number_in(body, "epoch");
    if (found == buckets_.end() || found->second.record.epoch > epoch) {
      return reply(Error{"stale", "the order was overtaken", true});
    }
    Bucket& bucket = found->second;
    const BucketRecord& r = bucket.record;
    if (r.epoch == epoch) {
      const bool sent = r.state != BucketState::sending;
      return reply(Value::map({{"sent", sent}}));
    }
    if (bucket.changing || bucket.frozen || r.state != BucketState::active) {
      return reply(migrating_error("the bucket is changing"));
    }
    BucketRecord now = r;
    now.state = BucketState::sending;
    now.epoch = epoch;
    now.peer = body["to"].is_string() ? std::string(body["to"].string()) : std::string();
    change({std::move(now)}, Done([this, &bucket, reply = std::move(reply)](bool ok) {
             if (ok) start_copy(bucket);
             reply(Value::map({{"sent", false}}));
           }));
  }

  void drop(const Value& body, Reply reply) {
    const auto id = static_cast<std::uint32_t>(number_in(body, "bucket"));
    const std::uint64_t epoch = number_in(body, "epoch");
    Bucket& bucket = buckets_[id];
    const BucketRecord& r = bucket.record;
    if (bucket.changing || bucket.taking) return reply(migrating_error("the bucket is changing"));
    const bool overtaken = r.epoch > epoch && !has(ShardBug::obeys_old_orders);
    const bool done = r.epoch == epoch && (r.state == BucketState::gone || r.state == BucketState::garbage);
    if (overtaken || done) return reply(Value(true));
    BucketRecord now = r;
    now.id = id;
    now.epoch = epoch;
    now.peer = body["owner"].is_string() ? std::string(body["owner"].string()) : std::string();
    const bool rows = r.state != BucketState::gone;
    if (rows) now.state = BucketState::garbage;
    change({std::move(now)}, std::move(reply), [this, &bucket, rows] {
      bucket.copy = nullptr;
      bucket.next_rows = 0;
      bucket.frozen = false;
      if (rows) collect(bucket);
    });
  }

  void split(const Value& body, Reply reply) {
    const auto found = buckets_.find(static_cast<std::uint32_t>(number_in(body, "bucket")));
    const std::uint64_t epoch = number_in(body, "epoch");
    if (found == buckets_.end()) return reply(moved_error_without_place());
    Bucket& bucket = found->second;
    if (bucket.record.epoch >= epoch) return reply(Value(true));
    if (bucket.changing || bucket.frozen || bucket.record.state != BucketState::active) {
      return reply(migrating_error("the bucket is changing"));
    }
    bucket.frozen = true;
    when_drained(bucket, [this, &bucket, body, epoch, reply = std::move(reply)] {
      BucketRecord below = bucket.record, above = bucket.record;
      below.epoch = above.epoch = epoch;
      above.id = static_cast<std::uint32_t>(number_in(body, "other"));
      below.to = above.from = body["at"];
      const std::uint32_t other = above.id;
      change({std::move(below), std::move(above)},
             Done([this, &bucket, other, at = body["at"], reply](bool ok) {
               bucket.frozen = false;
               if (!ok) return reply(make_error("io_error", "the disk failed"));
               const auto cut = bucket.keys.lower_bound(at);
               buckets_[other].keys.insert(cut, bucket.keys.end());
               bucket.keys.erase(cut, bucket.keys.end());
               reply(Value(true));
             }));
    });
  }

  void merge(const Value& body, Reply reply) {
    const auto found = buckets_.find(static_cast<std::uint32_t>(number_in(body, "bucket")));
    const auto other_found = buckets_.find(static_cast<std::uint32_t>(number_in(body, "other")));
    const std::uint64_t epoch = number_in(body, "epoch");
    if (found == buckets_.end() || other_found == buckets_.end()) return reply(moved_error_without_place());
    Bucket &bucket = found->second, &other = other_found->second;
    if (bucket.record.epoch >= epoch) return reply(Value(true));
    for (const Bucket* b : {&bucket, &other}) {
      if (b->changing || b->frozen || b->record.state != BucketState::active) {
        return reply(migrating_error("the bucket is changing"));
      }
    }
    bucket.frozen = other.frozen = true;
    when_drained(bucket, [this, &bucket, &other, epoch, reply = std::move(reply)] {
      when_drained(other, [this, &bucket, &other, epoch, reply] {
        BucketRecord whole = bucket.record, none = other.record;
        whole.epoch = none.epoch = epoch;
        whole.to = none.to;
        none.state = BucketState::gone;
        change({std::move(whole), std::move(none)}, Done([&bucket, &other, reply](bool ok) {
                 bucket.frozen = other.frozen = false;
                 if (!ok) return reply(make_error("io_error", "the disk failed"));
                 bucket.keys.merge(other.keys);
                 other.keys.clear();
                 reply(Value(true));
               }));
      });
    });
  }

  // ---- receiving

  static Error restart(const char* why) { return {"restart", why, true}; }

  void begin(const Value& body, Reply reply) {
    if (space_ == Keyspace()) space_ = keyspace_of(body["space"]);
    const auto id = static_cast<std::uint32_t>(number_in(body, "bucket"));
    const std::uint64_t epoch = number_in(body, "epoch"), attempt = number_in(body, "attempt");
    Bucket& bucket = buckets_[id];
    const BucketRecord& r = bucket.record;
    if (bucket.changing || bucket.taking) return reply(migrating_error("the bucket is changing"));
    if (r.epoch > epoch || bucket.serves() || r.state == BucketState::sent) {
      return reply(Error{"stale", "the copy was overtaken", true});
    }
    if (r.state == BucketState::receiving && r.epoch == epoch && !has(ShardBug::begins_again)) {
      if (attempt < r.attempt) return reply(Error{"stale", "the copy was overtaken", true});
      if (attempt == r.attempt && bucket.next_rows == 1 && !r.sealed) return reply(Value(true));
      if (attempt == r.attempt) return reply(restart("the copy has begun already"));
    } else if (r.epoch == epoch && r.state != BucketState::receiving) {
      return reply(Error{"stale", "the copy was overtaken", true});
    }
    // Old rows of these keys must be gone, or taking them away would take new ones with them.
    for (const auto& [other_id, other] : buckets_) {
      const bool overlaps =
          other_id == id || (space_.ranged() && touches(other.record, body["from"], body["to"]));
      if (overlaps && other.record.state == BucketState::garbage) {
        return reply(migrating_error("old rows are being taken away"));
      }
    }
    change({{.id = id,
             .state = BucketState::receiving,
             .epoch = epoch,
             .peer = body["owner"].is_string() ? std::string(body["owner"].string()) : std::string(),
             .attempt = attempt,
             .sealed = false,
             .from = body["from"],
             .to = body["to"]}},
           Done([this, &bucket, reply = std::move(reply)](bool ok) {
             if (!ok) return reply(make_error("io_error", "the disk failed"));
             bucket.taking = true;
             bucket.next_rows = 0;
             empty(bucket, [&bucket, reply](bool emptied) {
               bucket.taking = false;
               if (!emptied) return reply(restart("old rows could not be taken away"));
               bucket.next_rows = 1;
               reply(Value(true));
             });
           }));
  }

  static bool touches(const BucketRecord& r, const Value& from, const Value& to) {
    const bool before = !r.to.is_nil() && !from.is_nil() && !(from < r.to);
    const bool after = !r.from.is_nil() && !to.is_nil() && !(r.from < to);
    return !before && !after;
  }

  // The bucket of a message of the copy that is being received; null where it is of another.
  Bucket* receiving(const Value& body) {
    const auto found = buckets_.find(static_cast<std::uint32_t>(number_in(body, "bucket")));
    if (found == buckets_.end()) return nullptr;
    const BucketRecord& r = found->second.record;
    const bool right = r.state == BucketState::receiving && r.epoch == number_in(body, "epoch") &&
                       r.attempt == number_in(body, "attempt");
    return right ? &found->second : nullptr;
  }

  void rows(const Value& body, Reply reply) {
    Bucket* bucket = receiving(body);
    const std::uint64_t n = number_in(body, "n");
    if (bucket == nullptr || bucket->record.sealed || bucket->next_rows == 0 || !body["entries"].is_list()) {
      return reply(restart("no such copy is being received"));
    }
    if (bucket->taking || bucket->changing) return reply(migrating_error("rows are being written"));
    if (n > bucket->next_rows) return reply(restart("rows are missing"));
    const bool old = n < bucket->next_rows;
    if (old && !has(ShardBug::takes_old_rows)) return reply(Value(true));
    for (const Value& entry : body["entries"].list()) {
      remember(*bucket, entry["key"]);
      rows_.erase(entry["key"]);
    }
    const bool early = has(ShardBug::acks_before_disk);
    bucket->taking = !early;
    if (early && !old) ++bucket->next_rows;
    inner_->call(*env_, {.type = "put_many", .body = Value::map({{"entries", body["entries"]}})},
                 [this, bucket, old, early, reply](const Result& result) {
                   if (early) return;
                   bucket->taking = false;
                   if (!result.ok()) {
                     bucket->next_rows = 0;
                     return reply(restart("rows could not be written"));
                   }
                   if (!old) ++bucket->next_rows;
                   reply(Value(true));
                 });
    if (early) reply(Value(true));
  }

  void seal(const Value& body, Reply reply) {
    Bucket* bucket = receiving(body);
    if (bucket == nullptr) return reply(restart("no such copy is being received"));
    if (bucket->record.sealed) return reply(Value(true));
    if (bucket->taking || bucket->changing) return reply(migrating_error("rows are being written"));
    if (bucket->next_rows != number_in(body, "n") + 1) return reply(restart("rows are missing"));
    BucketRecord now = bucket->record;
    now.sealed = true;
    change({std::move(now)}, std::move(reply));
  }

  // ---- sending

  void start_copy(Bucket& bucket) {
    bucket.frozen = false;
    bucket.copy = std::make_unique<Copy>();
    bucket.copy->run = ++runs_;
    // Larger than that of every copy before, also of those that this process knows nothing of.
    bucket.record.attempt = starts_ * 1'000'000 + runs_;
    copy_on(bucket);
  }

  // The next step; `run` guards what comes back to a copy that is no more.
  void copy_on(Bucket& bucket) {
    Copy& copy = *bucket.copy;
    switch (copy.step) {
      case Copy::Step::begin:
        return tell(bucket, "shard_begin", {}, [this, &bucket] {
          Copy& c = *bucket.copy;
          c.step = Copy::Step::rows;
          c.queue.assign(bucket.keys.begin(), bucket.keys.end());
          copy_on(bucket);
        });
      case Copy::Step::rows:
        return next_rows(bucket);
      case Copy::Step::seal:
        return tell(bucket, "shard_seal", {{"n", static_cast<double>(copy.sent)}},
                    [this, &bucket] { sent(bucket); });
    }
  }

  void next_rows(Bucket& bucket) {
    Copy& copy = *bucket.copy;
    if (!copy.entries.empty()) return send_rows(bucket);
    if (copy.queue.empty()) {
      const bool leaves_some = has(ShardBug::switches_early);
      const bool settled = copy.again.size() <= options_.chunk || copy.rounds >= kRounds;
      if (!bucket.frozen && settled) {
        bucket.frozen = true;
        return when_drained(bucket, [this, &bucket, run = copy.run] {
          if (bucket.copy != nullptr && bucket.copy->run == run) next_rows(bucket);
        });
      }
      if (copy.again.empty() || (bucket.frozen && leaves_some)) {
        copy.step = Copy::Step::seal;
        return copy_on(bucket);
      }
      ++copy.rounds;
      copy.queue.assign(copy.again.begin(), copy.again.end());
      copy.again.clear();
    }
    // Read the chunk's rows, as they are stored. One that is being written is sent again when it is.
    std::vector<Value> keys;
    while (!copy.queue.empty() && keys.size() < options_.chunk) {
      keys.push_back(std::move(copy.queue.front()));
      copy.queue.pop_front();
    }
    const auto left = std::make_shared<std::size_t>(keys.size());
    const auto failed = std::make_shared<bool>(false);
    for (const Value& key : keys) {
      inner_->call(*env_, {.type = "get", .body = Value::map({{"key", key}})},
                   [this, &bucket, run = copy.run, key, left, failed](const Result& result) {
                     if (bucket.copy == nullptr || bucket.copy->run != run) return;
                     Copy& c = *bucket.copy;
                     if (!result.ok() && result.error().code != "not_found") {
                       *failed = true;
                       c.queue.push_back(key);
                     } else {
                       Value row = result.ok() ? *result : Value();
                       if (has(ShardBug::forgets_sessions)) row = Row::of(row).value;
                       c.entries.push_back(Value::map({{"key", key}, {"value", std::move(row)}}));
                     }
                     if (--*left > 0) return;
                     if (*failed) return later(bucket, options_.pause);
                     next_rows(bucket);
                   });
    }
  }

  void send_rows(Bucket& bucket) {
    const Copy& copy = *bucket.copy;
    tell(bucket, "shard_rows",
         {{"n", static_cast<double>(copy.sent + 1)}, {"entries", Value::list(copy.entries)}},
         [this, &bucket] {
           Copy& c = *bucket.copy;
           ++c.sent;
           rows_sent_ += c.entries.size();
           c.entries.clear();
           if (options_.breath > Duration::zero() && !bucket.frozen) return later(bucket, options_.breath);
           copy_on(bucket);
         });
  }

  void later(Bucket& bucket, Duration pause) {
    env_->after(pause, [this, &bucket, run = bucket.copy->run] {
      if (bucket.copy != nullptr && bucket.copy->run == run) copy_on(bucket);
    });
  }

  // Says something to the receiver, until it agrees.
  void tell(Bucket& bucket, const char* what, Value::Map more, const std::function<void()>& then) {
    const BucketRecord& r = bucket.record;
    more.emplace_back("bucket", static_cast<double>(r.id));
    more.emplace_back("epoch", static_cast<double>(r.epoch));
    more.emplace_back("attempt", static_cast<double>(r.attempt));
    if (bucket.copy->step == Copy::Step::begin) {
      more.emplace_back("space", to_value(space_));
      more.emplace_back("owner", env_->name_of(env_->self()));
      more.emplace_back("from", r.from);
      more.emplace_back("to", r.to);
    }
    const Expected<NodeId> peer = env_->find(r.peer);
    if (!peer.ok()) return;
    env_->call(*peer, {.type = what, .body = Value::map(std::move(more))}, options_.timeout,
               [this, &bucket, run = bucket.copy->run, then](const Result& result) {
                 if (bucket.copy == nullptr || bucket.copy->run != run) return;
                 if (result.ok()) return then();
                 if (result.error().code != "restart") return later(bucket, options_.pause);
                 // The receiver knows nothing of this copy: from the beginning, after a moment.
                 env_->after(options_.pause, [this, &bucket, run] {
                   if (bucket.copy != nullptr && bucket.copy->run == run) start_copy(bucket);
                 });
               });
  }

  // The receiver has all, and nobody is served here any more: that is for the disk first, then for the
  // manager.
  void sent(Bucket& bucket) {
    if (bucket.changing) return later(bucket, options_.pause);
    const std::uint64_t run = bucket.copy->run;
    const auto report = [this, id = bucket.record.id, epoch = bucket.record.epoch] {
      env_->call(
          options_.manager,
          {.type = "shard_sent",
           .body = Value::map({{"bucket", static_cast<double>(id)}, {"epoch", static_cast<double>(epoch)}})},
          options_.timeout, [](const Result&) {});
    };
    BucketRecord now = bucket.record;
    now.state = BucketState::sent;
    if (has(ShardBug::freeze_not_durable)) {
      bucket.record = now;
      bucket.copy = nullptr;
      return report();
    }
    change({std::move(now)}, Done([this, &bucket, run, report](bool ok) {
             if (bucket.copy == nullptr || bucket.copy->run != run) return;
             if (!ok) return later(bucket, options_.pause);
             bucket.copy = nullptr;
             report();
           }));
  }

  // ---- garbage

  // Takes all rows of a bucket away, a chunk at a time.
  void empty(Bucket& bucket, const Done& done) {
    if (bucket.keys.empty()) return done(true);
    Value::List entries;
    auto keys = std::make_shared<std::vector<Value>>();
    for (auto key = bucket.keys.begin(); key != bucket.keys.end() && keys->size() < options_.chunk; ++key) {
      keys->push_back(*key);
      entries.push_back(Value::map({{"key", *key}}));
    }
    inner_->call(*env_,
                 {.type = "put_many", .body = Value::map({{"entries", Value::list(std::move(entries))}})},
                 [this, &bucket, keys, done](const Result& result) {
                   if (!result.ok()) return done(false);
                   for (const Value& key : *keys) {
                     bucket.keys.erase(key);
                     rows_.erase(key);
                   }
                   empty(bucket, done);
                 });
  }

  void collect(Bucket& bucket) {
    empty(bucket, [this, &bucket](bool ok) {
      const auto again = [this, &bucket] {
        env_->after(options_.pause, [this, &bucket] {
          if (bucket.record.state == BucketState::garbage) collect(bucket);
        });
      };
      if (bucket.record.state != BucketState::garbage) return;
      if (!ok || bucket.changing) return again();
      BucketRecord now = bucket.record;
      now.state = BucketState::gone;
      change({std::move(now)}, Done([again](bool done) {
               if (!done) again();
             }));
    });
  }

  // ---- heartbeats

  void heartbeat() {
    Value::Map load = {{"weight", options_.weight},
                       {"outstanding", static_cast<double>(outstanding_)},
                       {"served", static_cast<double>(served_ - reported_)}};
    std::size_t keys = 0;
    for (const auto& [id, bucket] : buckets_) keys += bucket.serves() ? bucket.keys.size() : 0;
    load.emplace_back("keys", static_cast<double>(keys));
    reported_ = served_;
    env_->call(options_.manager, {.type = "shard_heartbeat", .body = Value::map(std::move(load))},
               options_.timeout, [](const Result&) {});
    env_->after(options_.heartbeat, [this] { heartbeat(); });
  }

  Value state() const override {
    std::uint64_t count[std::size(kStateNames)] = {}, keys = 0;
    for (const auto& [id, bucket] : buckets_) {
      ++count[static_cast<std::size_t>(bucket.record.state)];
      if (bucket.serves()) keys += bucket.keys.size();
    }
    Value::Map shown = {{"keys", static_cast<double>(keys)},
                        {"outstanding", static_cast<double>(outstanding_)},
                        {"served", static_cast<double>(served_)},
                        {"rows_sent", static_cast<double>(rows_sent_)}};
    for (std::size_t i = 0; i < std::size(kStateNames); ++i) {
      shown.emplace_back(kStateNames[i], static_cast<double>(count[i]));
    }
    return Value::map(std::move(shown));
  }

  const ShardServerOptions options_;
  Env* env_ = nullptr;
  bool ready_ = false;
  std::uint64_t starts_ = 0;
  std::uint64_t runs_ = 0;
  Keyspace space_;
  std::map<std::uint32_t, Bucket> buckets_;  // never erased: callbacks point into it
  std::map<Value, Lock> locks_;
  std::map<Value, Row> rows_;  // those that clients with sessions wrote since the start
  std::size_t outstanding_ = 0;
  std::uint64_t served_ = 0, reported_ = 0;
  std::uint64_t rows_sent_ = 0;
};

}  // namespace

Filter make_shard_server(const ShardServerOptions& options) {
  return [options](ServicePtr inner) { return std::make_shared<ShardServer>(options, std::move(inner)); };
}

}  // namespace syslab

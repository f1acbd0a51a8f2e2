// An entry is a map:
//   value   what the store answered; missing where the store had nothing
//   absent  the store's message where it had nothing
//   until   end of the ttl, in seconds of the reader's monotonic clock. Between processes whose clocks drift
//           apart it is off by that much.
//   since   when it was read (refresh-ahead)
//   took    how long the read took: delta of the paper (early expiry)
#include "core/cache/filter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "core/base/assert.hpp"
#include "core/base/exact_math.hpp"

namespace syslab {
namespace {

// How long a reader waits before it asks again for what another process is reading.
constexpr Duration kLeaseWait = std::chrono::milliseconds(10);

bool is_one_of(const std::vector<std::string>& types, const std::string& type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

// What a write writes. As cache:put(key) does, a write without a value writes true.
Value written(const Request& request) {
  const Value& value = request.body["value"];
  if (!value.is_nil()) return value;
  const Value& payload = request.body["payload"];
  return payload.is_nil() ? Value(true) : payload;
}

class CacheFilter final : public FilterService {
 public:
  CacheFilter(const CacheFilterOptions& options, ServicePtr inner)
      : FilterService("cache", std::move(inner)), options_(options), place_(options.place()) {
    SYSLAB_ASSERT(options_.write != WriteMode::back || place_->in_process());
  }

  void on_start(Env& env) override {
    metrics(env);
    FilterService::on_start(env);
  }

  void call(Env& env, Request request, Reply reply) override {
    const Value key = request.key();
    if (!key.is_string() && !(key.is_number() && key.number() == key.number())) {
      inner_->call(env, std::move(request), std::move(reply));
      return;
    }
    if (is_one_of(options_.reads, request.type)) {
      read(env, key, std::move(request), std::move(reply));
      return;
    }
    const bool replaces = is_one_of(options_.writes, request.type);
    if (options_.write != WriteMode::back) {
      write(env, key, replaces && options_.write == WriteMode::through, std::move(request), std::move(reply));
    } else if (replaces || request.type == "delete") {
      write_back(env, key, replaces, std::move(request), std::move(reply));
    } else {
      write_after_flush(env, key, std::move(request), std::move(reply));
    }
  }

 private:
  struct MetricSet {
    Counter& hits;
    Counter& misses;
    Counter& store_reads;
    Counter& flushed;
    Counter& lost;
    Gauge& dirty;
  };
  // A read that others may join, as long as no write has begun or ended since: then it may bring the old
  // value.
  struct Flight {
    std::uint64_t version = 0;
    std::vector<Reply> waiting = {};
  };
  // A key with reads or writes under way. Invariant: it is here as long as one of the counts is not 0.
  struct UnderWay {
    std::uint64_t reads = 0;
    std::uint64_t writes = 0;
    std::uint64_t version = 0;  // of writes, begun or ended
    bool renewing = false;      // a read in the background
    std::shared_ptr<Flight> flight = nullptr;
  };
  struct Dirty {
    Request request;  // the last write of the key
    bool removes = false;
    std::uint64_t generation = 0;  // changes with every write
    bool under_way = false;
    std::vector<std::function<void(const Result&)>> waiting = {};  // for the answer to its flush
  };

  // The process that starts takes note of what the one before it left dirty: nothing can be counted in a
  // crash.
  MetricSet& metrics(Env& env) {
    if (metrics_) return *metrics_;
    Metrics& m = env.metrics();
    metrics_.emplace(MetricSet{m.counter("cache_hits_total"), m.counter("cache_misses_total"),
                               m.counter("cache_store_reads_total"), m.counter("cache_flushed_total"),
                               m.counter("cache_lost_total"), m.gauge("cache_dirty")});
    if (const double lost = metrics_->dirty.value(); lost > 0) {
      metrics_->lost.add(static_cast<std::uint64_t>(lost));
      metrics_->dirty.set(0);
      env.log(fmt::format("the cache lost {} writes that were not flushed", lost));
    }
    return *metrics_;
  }

  // ---- reading

  void read(Env& env, const Value& key, Request request, Reply reply) {
    if (const auto dirty = dirty_.find(key); dirty != dirty_.end()) {
      count_hit(env);
      if (dirty->second.removes) {
        reply(make_error("not_found", "it was deleted"));
      } else {
        reply(written(dirty->second.request));
      }
      return;
    }
    place_->get(env, key,
                [this, &env, key, request = std::move(request), reply = std::move(reply)](
                    const Value& entry, CacheLease lease) mutable {
                  looked_up(env, key, std::move(request), std::move(reply), entry, lease);
                });
  }

  void looked_up(Env& env, const Value& key, Request request, Reply reply, const Value& entry,
                 CacheLease lease) {
    if (lease.taken) {
      ++lease_waits_;
      env.after(kLeaseWait, [this, &env, key, request = std::move(request), reply = std::move(reply)] {
        read(env, key, request, reply);
      });
      return;
    }
    const double now = to_seconds(env.now());
    // Servers that give out leases end a ttl by themselves: only of what they do not have there is a lease.
    const bool expired = !place_->leases() && entry["until"].is_number() && now >= entry["until"].number();
    if (entry.is_nil() || expired || expires_early(env, entry, now)) {
      expired_ += expired;
      ++misses_;
      metrics(env).misses.add();
      fetch(env, key, std::move(request), std::move(reply), lease.token);
      return;
    }
    count_hit(env);
    if (is_ripe(entry, now) && !under_way_[key].renewing) {
      ++renewed_;
      under_way_[key].renewing = true;
      fetch(env, key, std::move(request), nullptr, 0);
    }
    if (entry["absent"].is_nil()) {
      reply(entry["value"]);
    } else {
      ++negative_hits_;
      reply(entry["absent"].is_string()
                ? Result(make_error("not_found", std::string(entry["absent"].string())))
                : Result(Value()));
    }
  }

  void count_hit(Env& env) {
    ++hits_;
    metrics(env).hits.add();
  }

  // XFetch: as if the clock were ahead by took * beta * an exponential variate. unit() is below 1, so the
  // logarithm is finite.
  bool expires_early(Env& env, const Value& entry, double now) {
    if (options_.early == 0 || !entry["took"].is_number()) return false;
    const double ahead = entry["took"].number() * options_.early * -exact_log1p(-env.rng().unit());
    if (now + ahead < entry["until"].number()) return false;
    ++early_;
    return true;
  }

  bool is_ripe(const Value& entry, double now) const {
    if (!options_.ahead || !entry["since"].is_number()) return false;
    const double since = entry["since"].number();
    return now >= since + *options_.ahead * (entry["until"].number() - since);
  }

  // Asks the store and keeps the answer. Without a reply it is a read in the background.
  void fetch(Env& env, const Value& key, Request request, Reply reply, double token) {
    UnderWay& state = under_way_[key];
    const bool joins = state.flight != nullptr && state.flight->version == state.version;
    if (joins && reply && token == 0) {
      ++joined_;
      state.flight->waiting.push_back(std::move(reply));
      return;
    }
    ++state.reads;
    metrics(env).store_reads.add();
    std::shared_ptr<Flight> flight;
    if (options_.single_flight) {
      flight = std::make_shared<Flight>(Flight{.version = state.version});
      state.flight = flight;
    }
    inner_->call(env, std::move(request),
                 [this, &env, key, flight, token, version = state.version, began = env.now(),
                  reply = std::move(reply)](const Result& result) {
                   fetched(env, key, flight.get(), token, version, began, reply, result);
                 });
  }

  void fetched(Env& env, const Value& key, Flight* flight, double token, std::uint64_t version, Instant began,
               const Reply& reply, const Result& result) {
    const auto found = under_way_.find(key);
    UnderWay& state = found->second;
    if (state.flight.get() == flight) state.flight = nullptr;
    if (!reply) state.renewing = false;
    const bool clean = state.writes == 0 && state.version == version && dirty_.find(key) == dirty_.end();
    --state.reads;
    settle(found);
    if (clean) keep(env, key, result, env.now() - began, token);
    // Last: whoever hears the answer may ask again.
    if (reply) reply(result);
    if (flight == nullptr) return;
    for (const Reply& other : std::exchange(flight->waiting, {})) other(result);
  }

  void settle(std::map<Value, UnderWay>::iterator at) {
    if (at->second.reads == 0 && at->second.writes == 0) under_way_.erase(at);
  }

  void keep(Env& env, const Value& key, const Result& result, Duration took, double token) {
    if (result.ok() && !result->is_nil()) {
      put(env, key, *result, took, token, [](bool) {});
    } else if (options_.negative_ttl && (result.ok() || result.error().code == "not_found")) {
      ++negative_kept_;
      const Value message = result.ok() ? Value(true) : Value(result.error().message);
      place_->put(env, key,
                  Value::map({{"absent", message},
                              {"until", to_seconds(saturating_add(env.now(), *options_.negative_ttl))}}),
                  key.size_bytes(), options_.negative_ttl, token, [](bool) {});
    } else if (token > 0) {
      place_->erase(env, key, [](bool) {});  // others wait for the end of the lease
    }
  }

  void put(Env& env, const Value& key, const Value& value, std::optional<Duration> took, double token,
           CachePlace::Done done) {
    std::optional<Duration> ttl = options_.ttl;
    Value::Map entry{{"value", value}};
    if (ttl) {
      if (options_.jitter > 0) {
        const double share = 1 - options_.jitter * env.rng().unit();
        ttl = std::max(Duration(1), from_seconds(to_seconds(*ttl) * share));
      }
      entry.emplace_back("until", to_seconds(saturating_add(env.now(), *ttl)));
      if (options_.ahead) entry.emplace_back("since", to_seconds(env.now()));
      if (options_.early > 0 && took) entry.emplace_back("took", to_seconds(*took));
    }
    place_->put(env, key, Value::map(std::move(entry)), key.size_bytes() + value.size_bytes(), ttl, token,
                std::move(done));
  }

  // ---- writing around and through

  void write(Env& env, const Value& key, bool through, Request request, Reply reply) {
    ++writes_;
    UnderWay& state = under_way_[key];
    ++state.writes;
    const std::uint64_t version = ++state.version;
    // At once as well, where it is free: then a write whose answer never comes leaves nothing old behind.
    if (place_->in_process()) place_->erase(env, key, [](bool) {});
    const Value value = through ? written(request) : Value();
    inner_->call(env, std::move(request),
                 [this, &env, key, through, version, value, reply = std::move(reply)](const Result& result) {
                   const auto found = under_way_.find(key);
                   const bool alone = found->second.writes == 1 && found->second.version == version;
                   ++found->second.version;
                   --found->second.writes;
                   settle(found);
                   const auto done = [this, reply, result](bool reached) {
                     unreached_ += !reached;
                     reply(result);
                   };
                   // Two writes at a time: nobody here knows which of them the store has kept.
                   if (through && alone && result.ok()) {
                     put(env, key, value, std::nullopt, 0, done);
                   } else {
                     place_->erase(env, key, done);
                   }
                 });
  }

  // ---- writing back

  void write_back(Env& env, const Value& key, bool replaces, Request request, Reply reply) {
    auto found = dirty_.find(key);
    if (found == dirty_.end() && dirty_.size() >= options_.dirty_limit) {
      ++around_;
      write(env, key, false, std::move(request), std::move(reply));
      return;
    }
    ++writes_;
    if (found == dirty_.end()) {
      found = dirty_.emplace(key, Dirty{}).first;
      metrics(env).dirty.add(1);
    } else {
      ++coalesced_;
    }
    found->second.request = std::move(request);
    found->second.removes = !replaces;
    ++found->second.generation;
    if (const auto state = under_way_.find(key); state != under_way_.end()) ++state->second.version;
    place_->erase(env, key, [](bool) {});
    flush_later(env);
    reply(Value(true));
  }

  // A request that this filter does not understand (a compare-and-set, say) must find in the store what was
  // written before.
  void write_after_flush(Env& env, const Value& key, Request request, Reply reply) {
    const auto found = dirty_.find(key);
    if (found == dirty_.end()) {
      write(env, key, false, std::move(request), std::move(reply));
      return;
    }
    found->second.waiting.push_back(
        [this, &env, key, request = std::move(request), reply = std::move(reply)](const Result& result) {
          if (result.ok()) {
            write_after_flush(env, key, request, reply);
          } else {
            reply(result);
          }
        });
    if (!found->second.under_way) send(env, {key});
  }

  void flush_later(Env& env) {
    if (flush_timer_set_) return;
    flush_timer_set_ = true;
    env.after(options_.flush_interval, [this, &env] {
      flush_timer_set_ = false;
      flush(env);
    });
  }

  // Never two writes of one key at a time, which the store might execute in the other order.
  void flush(Env& env) {
    std::vector<std::vector<Value>> batches;
    for (const auto& [key, dirty] : dirty_) {
      const auto state = under_way_.find(key);
      if (dirty.under_way || (state != under_way_.end() && state->second.writes > 0)) continue;
      if (batches.empty() || batches.back().size() == options_.flush_batch) batches.emplace_back();
      batches.back().push_back(key);
    }
    for (const std::vector<Value>& batch : batches) send(env, batch);
    if (!dirty_.empty()) flush_later(env);
  }

  // Requires: at least one key; all are dirty and not under way.
  void send(Env& env, const std::vector<Value>& keys) {
    ++flushes_;
    Request request;
    Value::List entries;
    std::vector<std::pair<Value, std::uint64_t>> sent;
    for (const Value& key : keys) {
      Dirty& dirty = dirty_.at(key);
      dirty.under_way = true;
      sent.emplace_back(key, dirty.generation);
      request = dirty.request;
      entries.push_back(
          Value::map({{"key", key}, {"value", dirty.removes ? Value() : written(dirty.request)}}));
    }
    if (keys.size() > 1) {
      request = Request{};
      request.type = "put_many";
      request.body = Value::map({{"entries", Value::list(std::move(entries))}});
    }
    inner_->call(env, std::move(request),
                 [this, &env, sent = std::move(sent)](const Result& result) { flushed(env, sent, result); });
  }

  void flushed(Env& env, const std::vector<std::pair<Value, std::uint64_t>>& sent, const Result& result) {
    flush_errors_ += !result.ok();
    std::vector<std::function<void(const Result&)>> waiting;
    for (const auto& [key, generation] : sent) {
      const auto found = dirty_.find(key);
      Dirty& dirty = found->second;
      dirty.under_way = false;
      for (auto& waiter : std::exchange(dirty.waiting, {})) waiting.push_back(std::move(waiter));
      if (!result.ok() || dirty.generation != generation) continue;
      metrics(env).flushed.add();
      metrics(env).dirty.add(-1);
      const Dirty clean = std::move(dirty);
      dirty_.erase(found);
      if (!clean.removes) put(env, key, written(clean.request), std::nullopt, 0, [](bool) {});
    }
    for (const auto& waiter : waiting) waiter(result);
  }

  Value state() const override {
    static constexpr std::string_view kWrites[] = {"around", "through", "back"};
    const auto count = [](std::uint64_t n) { return static_cast<double>(n); };
    Value shown = place_->show()
                      .with("write", kWrites[static_cast<std::size_t>(options_.write)])
                      .with("hits", count(hits_))
                      .with("misses", count(misses_))
                      .with("expired", count(expired_))
                      .with("joined", count(joined_))
                      .with("early", count(early_))
                      .with("renewed", count(renewed_))
                      .with("negative_hits", count(negative_hits_))
                      .with("negative_kept", count(negative_kept_))
                      .with("writes", count(writes_))
                      .with("lease_waits", count(lease_waits_))
                      .with("unreached", count(unreached_));
    if (options_.write != WriteMode::back) return shown;
    return shown.with("dirty", count(dirty_.size()))
        .with("coalesced", count(coalesced_))
        .with("around", count(around_))
        .with("flushes", count(flushes_))
        .with("flush_errors", count(flush_errors_));
  }

  const CacheFilterOptions options_;
  const std::unique_ptr<CachePlace> place_;
  std::optional<MetricSet> metrics_;
  std::map<Value, UnderWay> under_way_;
  std::map<Value, Dirty> dirty_;
  bool flush_timer_set_ = false;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;  // expired and early ones included
  std::uint64_t expired_ = 0;
  std::uint64_t joined_ = 0;  // misses that waited for another's read
  std::uint64_t early_ = 0;
  std::uint64_t renewed_ = 0;
  std::uint64_t negative_hits_ = 0;
  std::uint64_t negative_kept_ = 0;
  std::uint64_t writes_ = 0;
  std::uint64_t lease_waits_ = 0;
  std::uint64_t unreached_ = 0;  // writes after which the servers may hold an old value
  std::uint64_t coalesced_ = 0;
  std::uint64_t around_ = 0;  // writes that found too much dirty
  std::uint64_t flushes_ = 0;
  std::uint64_t flush_errors_ = 0;
};

}  // namespace

Filter make_cache_filter(const CacheFilterOptions& o) {
  SYSLAB_ASSERT(o.place != nullptr);
  SYSLAB_ASSERT(!o.ttl || *o.ttl > Duration::zero());
  SYSLAB_ASSERT(!o.negative_ttl || *o.negative_ttl > Duration::zero());
  SYSLAB_ASSERT(o.jitter >= 0 && o.jitter <= 1 && o.early >= 0);
  SYSLAB_ASSERT(!o.ahead || (*o.ahead > 0 && *o.ahead < 1));
  SYSLAB_ASSERT(o.ttl || (o.jitter == 0 && o.early == 0 && !o.ahead));
  SYSLAB_ASSERT(o.flush_interval > Duration::zero() && o.flush_batch >= 1 && o.dirty_limit >= 1);
  return [o](ServicePtr inner) { return std::make_shared<CacheFilter>(o, std::move(inner)); };
}

}  // namespace syslab

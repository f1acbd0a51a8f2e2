#include "core/cache/ttl.hpp"

#include <algorithm>
#include <string>
#include <type_traits>

#include "core/base/rng.hpp"

namespace syslab {
namespace {

// The cache inside holds lists { value, number of its life }. A life has one item in a heap by deadline, and
// is over when that comes up; until then its number is not used again. What the cache inside evicted or
// replaced leaves its life behind: it is found out when its item comes up, or swept when such are more than
// half.
class WithTtl final : public TtlCache {
 public:
  WithTtl(std::unique_ptr<Cache> cache, const TtlOptions& options)
      : TtlCache(cache->capacity()),
        cache_(std::move(cache)),
        options_(options),
        name_("ttl(" + std::string(cache_->name()) + ")"),
        rng_(options.seed) {}

  std::string_view name() const override { return name_; }
  std::unique_ptr<Cache> fresh() const override { return make_ttl(cache_->fresh(), options_); }
  std::size_t size() const override { return cache_->size(); }
  std::uint64_t expired() const override { return expired_; }
  std::vector<Value> keys() const override { return cache_->keys(); }

  const Value* get(const Key& key) override {
    return counted([&]() -> const Value* {
      const Value* kept = cache_->get(key);
      if (kept == nullptr) return nullptr;
      if (options_.sliding) {
        Instant& deadline = life_of(*kept).deadline;
        deadline = std::max(deadline, saturating_add(now_, life()));
      }
      return &kept->list()[0];
    });
  }

  const Value* peek(const Key& key) const override {
    const Value* kept = cache_->peek(key);
    return kept == nullptr ? nullptr : &kept->list()[0];
  }

  bool put(const Key& key, Value value, std::uint64_t weight) override {
    return keep(key, std::move(value), life(), weight);
  }

  bool put_for(const Key& key, Value value, Duration ttl, std::uint64_t weight) override {
    SYSLAB_ASSERT(ttl > Duration::zero());
    return keep(key, std::move(value), ttl, weight);
  }

  bool erase(const Key& key) override {
    return counted([&] { return cache_->erase(key); });
  }

  void clear() override {
    counted([&] { cache_->clear(); });
    lives_.clear();
    free_.clear();
    deadlines_.clear();
    rng_ = Rng(options_.seed);
  }

  void advance(Instant now) override {
    now_ = std::max(now_, now);
    counted([&] {
      cache_->advance(now_);
      while (!deadlines_.empty() && deadlines_.front().at <= now_) expire_first();
    });
  }

  void replay(std::span<const std::uint64_t> ids, std::span<const std::uint64_t> sizes) override {
    SYSLAB_ASSERT(sizes.empty() || sizes.size() == ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (get(ids[i]) == nullptr) put(ids[i], Value(), sizes.empty() ? 1 : sizes[i]);
    }
  }

  void check_invariants() const override {
    cache_->check_invariants();
    SYSLAB_ASSERT(used_ == cache_->used());
    SYSLAB_ASSERT(deadlines_.size() + free_.size() == lives_.size());
    SYSLAB_ASSERT(std::is_heap(deadlines_.begin(), deadlines_.end(), later));
    SYSLAB_ASSERT(deadlines_.empty() || deadlines_.front().at > now_);
    std::size_t alive = 0;
    for (const Deadline& d : deadlines_) {
      if (!is_alive(d.life)) continue;
      SYSLAB_ASSERT(lives_[d.life].deadline >= d.at);  // a hit may have moved it away
      ++alive;
    }
    SYSLAB_ASSERT(alive == cache_->size());
  }

 private:
  struct Life {
    Key::Kind kind = Key::Kind::id;
    std::uint64_t word = 0;
    std::string text = {};
    Instant deadline{};

    Key key() const {
      switch (kind) {
        case Key::Kind::id:
          return word;
        case Key::Kind::real:
          return std::bit_cast<double>(word);
        case Key::Kind::text:
          return std::string_view(text);
      }
      return word;
    }
  };
  struct Deadline {
    Instant at;
    std::size_t life;
  };
  static constexpr std::size_t kSpare = 64;

  static bool later(const Deadline& a, const Deadline& b) {
    return a.at != b.at ? a.at > b.at : a.life > b.life;
  }

  // Does what the cache inside does, and takes over how its counters and its weight changed.
  template <class Do>
  std::invoke_result_t<Do> counted(Do&& act) {
    struct Taken {
      WithTtl& self;
      CacheStats before;
      ~Taken() {
        const CacheStats& now = self.cache_->stats();
        self.stats_.hits += now.hits - before.hits;
        self.stats_.misses += now.misses - before.misses;
        self.stats_.insertions += now.insertions - before.insertions;
        self.stats_.evictions += now.evictions - before.evictions;
        self.stats_.rejections += now.rejections - before.rejections;
        self.used_ = self.cache_->used();
      }
    } const taken{*this, cache_->stats()};
    return act();
  }

  Duration life() {
    if (options_.jitter == 0) return options_.ttl;
    const double share = 1 - options_.jitter * rng_.unit();
    const auto length = static_cast<std::int64_t>(static_cast<double>(options_.ttl.count()) * share);
    return Duration(std::clamp<std::int64_t>(length, 1, options_.ttl.count()));
  }

  Life& life_of(const Value& kept) { return lives_[static_cast<std::size_t>(kept.list()[1].number())]; }
  bool is_alive(std::size_t life) const {
    const Value* kept = cache_->peek(lives_[life].key());
    return kept != nullptr && kept->list()[1].number() == static_cast<double>(life);
  }

  bool keep(const Key& key, Value value, Duration ttl, std::uint64_t weight) {
    if (deadlines_.size() > 2 * cache_->size() + kSpare) sweep();
    std::size_t life = lives_.size();
    if (!free_.empty()) {
      life = free_.back();
      free_.pop_back();
    } else {
      lives_.emplace_back();
    }
    const Instant deadline = saturating_add(now_, ttl);
    lives_[life] = {key.kind(), key.word(), std::string(key.text()), deadline};
    deadlines_.push_back({deadline, life});
    std::push_heap(deadlines_.begin(), deadlines_.end(), later);
    return counted([&] {
      return cache_->put(key, Value::list({std::move(value), static_cast<double>(life)}), weight);
    });
  }

  // The first item of the heap: ends its life, or puts it off to where a hit has moved it.
  void expire_first() {
    std::pop_heap(deadlines_.begin(), deadlines_.end(), later);
    Deadline& item = deadlines_.back();
    const bool alive = is_alive(item.life);
    if (alive && lives_[item.life].deadline > now_) {
      item.at = lives_[item.life].deadline;
      std::push_heap(deadlines_.begin(), deadlines_.end(), later);
      return;
    }
    if (alive) {
      cache_->erase(lives_[item.life].key());
      ++expired_;
    }
    lives_[item.life] = {};
    free_.push_back(item.life);
    deadlines_.pop_back();
  }

  void sweep() {
    std::vector<Deadline> kept;
    for (const Deadline& item : deadlines_) {
      if (is_alive(item.life)) {
        kept.push_back(item);
      } else {
        lives_[item.life] = {};
        free_.push_back(item.life);
      }
    }
    deadlines_.swap(kept);
    std::make_heap(deadlines_.begin(), deadlines_.end(), later);
  }

  const std::unique_ptr<Cache> cache_;
  const TtlOptions options_;
  const std::string name_;
  Rng rng_;
  Instant now_{};
  std::uint64_t expired_ = 0;
  std::vector<Life> lives_;  // by number
  std::vector<std::size_t> free_;
  std::vector<Deadline> deadlines_;  // a heap
};

}  // namespace

std::unique_ptr<TtlCache> make_ttl(std::unique_ptr<Cache> cache, const TtlOptions& options) {
  SYSLAB_ASSERT(cache != nullptr && cache->size() == 0);
  SYSLAB_ASSERT(options.ttl > Duration::zero());
  SYSLAB_ASSERT(options.jitter >= 0 && options.jitter <= 1);
  return std::make_unique<WithTtl>(std::move(cache), options);
}

}  // namespace syslab

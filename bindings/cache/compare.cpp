#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "bindings/cache/cache.hpp"
#include "bindings/workload/workload.hpp"
#include "core/base/nearest.hpp"
#include "core/cache/belady.hpp"
#include "core/cache/lifo.hpp"
#include "core/cache/replay_all.hpp"
#include "core/cache/reuse_distances.hpp"

namespace syslab {
namespace {

constexpr std::size_t kMostSizes = 1000;
constexpr std::size_t kMostPolicies = 100;
constexpr std::size_t kDefaultSizes = 12;

// One policy at all sizes. LRU in entries is one pass of ReuseDistances, all others a cache for each size.
struct Contender {
  std::string name;
  const Component* component = nullptr;  // null: a function of the script at `function` on the stack
  int function = 0;
  std::vector<std::shared_ptr<Cache>> caches = {};
  std::unique_ptr<ReuseDistances> distances = nullptr;

  std::uint64_t hits(std::size_t i, std::uint64_t size) const {
    return distances != nullptr ? distances->lru_hits(size) : caches[i]->stats().hits;
  }
};

// Hands out the trace in pieces, from its beginning: what the sample has of it.
class Pieces {
 public:
  Pieces(lua_State* L, RequestTrace& trace, double sample, bool bytes)
      : host_(LuaHost::of(L)), trace_(trace), sample_(sample), bytes_(bytes) {
    trace_.rewind();
  }

  bool next(RequestPiece& piece) {
    while (piece.ids.size() < kPiece && !host_.interrupted()) {
      const Expected<std::size_t> n = trace_.read(batch_);
      if (!n) throw ScriptError(n.error().message);
      if (*n == 0) break;
      if (bytes_ && batch_.sizes.empty())
        throw ScriptError(
            "bad option 'unit' for lab.cache.compare: the requests of this trace have no sizes");
      requests += *n;
      for (std::size_t i = 0; i < *n; ++i) {
        if (sample_ < 1 && !is_sampled(batch_.ids[i], sample_)) continue;
        piece.ids.push_back(batch_.ids[i]);
        if (bytes_) piece.sizes.push_back(batch_.sizes[i]);
        if (!batch_.times.empty()) piece.times.push_back(batch_.times[i]);
      }
    }
    sampled += piece.ids.size();
    return !piece.ids.empty();
  }

  std::uint64_t requests = 0;
  std::uint64_t sampled = 0;

 private:
  const LuaHost& host_;
  RequestTrace& trace_;
  double sample_;
  bool bytes_;
  RequestBatch batch_;
};

// How far a long comparison is: one line on a terminal, which goes away when it is done.
class Progress {
 public:
  explicit Progress(lua_State* L) : shown_(LuaHost::of(L).terminal.tty && ::isatty(STDERR_FILENO) != 0) {}
  ~Progress() {
    if (shown_ && steps_ > 1) std::fputs("\r\033[K", stderr);
  }
  void step(const char* what, std::uint64_t requests) {
    if (!shown_ || ++steps_ < 2) return;
    std::fputs(
        fmt::format("\r{}: {:.1f} million requests\033[K", what, static_cast<double>(requests) / 1e6).c_str(),
        stderr);
    std::fflush(stderr);
  }

 private:
  bool shown_;
  int steps_ = 0;
};

const Component& find_policy(const Arguments& a, const std::string& name) {
  std::vector<std::string> names;
  for (const Component* c : components()) {
    if (!c->d.name.starts_with("cache.") || c->d.returns != "Cache") continue;
    names.push_back(c->d.name.substr(6));
    if (names.back() == name) return *c;
  }
  a.reject("policies", fmt::format("there is no policy '{}'{}", name, did_you_mean(name, names)));
}

// What is at `index` as a contender; `name` is its own where it has one.
Contender contender_at(lua_State* L, const Arguments& a, int index, const std::string& name) {
  if (lua_type(L, index) == LUA_TSTRING) {
    const std::string policy = lua_tostring(L, index);
    return {name.empty() ? policy : name, &find_policy(a, policy), 0};
  }
  if (lua_isfunction(L, index) && !name.empty()) return {name, nullptr, index};
  a.reject(
      "policies",
      fmt::format("expected names such as 'lru', or name = function(capacity) return a cache end; got {}{}",
                  describe_argument(L, index), name.empty() ? "" : " for '" + name + "'"));
}

// In the order of the list, then those with a name of their own by that. Functions stay on the stack.
std::vector<Contender> read_policies(lua_State* L, const Arguments& a) {
  const int table = a.index_of("policies");
  std::vector<Contender> contenders;
  const auto n = static_cast<int>(std::min<std::size_t>(lua_objlen(L, table), kMostPolicies + 1));
  if (lua_checkstack(L, 2 * static_cast<int>(kMostPolicies) + LUA_MINSTACK) == 0)
    throw ScriptError("out of stack for the policies");
  for (int i = 1; i <= n; ++i) {
    lua_rawgeti(L, table, i);
    contenders.push_back(contender_at(L, a, lua_gettop(L), ""));
  }
  std::vector<std::string> names;
  lua_pushnil(L);
  while (lua_next(L, table) != 0) {
    if (lua_type(L, -2) == LUA_TSTRING) names.emplace_back(lua_tostring(L, -2));
    lua_pop(L, 1);
  }
  std::sort(names.begin(), names.end());
  names.resize(std::min(names.size(), kMostPolicies));
  for (const std::string& name : names) {
    lua_getfield(L, table, name.c_str());
    contenders.push_back(contender_at(L, a, lua_gettop(L), name));
  }
  if (contenders.empty() || contenders.size() > kMostPolicies)
    a.reject("policies", fmt::format("expected 1 to {} of them", kMostPolicies));
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (contenders[k].name == contenders[i].name)
        a.reject("policies", fmt::format("'{}' is there twice", contenders[i].name));
    }
  }
  return contenders;
}

std::vector<std::uint64_t> read_sizes(lua_State* L, const Arguments& a) {
  std::vector<std::uint64_t> sizes;
  const int table = a.index_of("sizes");
  const std::size_t n = lua_objlen(L, table);
  if (n == 0 || n > kMostSizes)
    a.reject("sizes", fmt::format("expected 1 to {} sizes, got {}", kMostSizes, n));
  for (std::size_t i = 1; i <= n; ++i) {
    lua_rawgeti(L, table, static_cast<int>(i));
    const double size = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
    if (!(size >= 1 && size <= 0x1p53 && size == std::floor(size))) {
      a.reject("sizes", fmt::format("expected whole numbers of at least 1, got {} at {}",
                                    describe_argument(L, -1), i));
    }
    sizes.push_back(static_cast<std::uint64_t>(size));
    lua_pop(L, 1);
  }
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

// From a thousandth of what the trace touches to all of it, each about 1.9 times the one before.
std::vector<std::uint64_t> default_sizes(lua_State* L, RequestTrace& trace, bool bytes) {
  Pieces pieces(L, trace, 1, bytes);
  RequestPiece piece;
  const std::unique_ptr<Cache> all = make_lifo(CacheCapacity::bytes(~std::uint64_t{0}));
  while (pieces.next(piece)) {
    all->replay(piece.ids, piece.sizes);
    piece = {};
  }
  const double whole = std::max(1.0, static_cast<double>(all->used()));
  std::vector<std::uint64_t> sizes;
  double size = whole;
  for (std::size_t i = 0; i < kDefaultSizes; ++i, size /= 1.8738) {  // 1000^(1/11)
    sizes.push_back(static_cast<std::uint64_t>(std::max(1.0, std::round(size))));
  }
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

std::shared_ptr<Cache> made_by_function(lua_State* L, const Contender& contender, std::uint64_t size) {
  lua_pushvalue(L, contender.function);
  lua_pushnumber(L, static_cast<double>(size));
  lua_call(L, 1, 1);
  std::shared_ptr<Cache> cache = shared_at<Cache>(L, -1);
  if (cache == nullptr) {
    throw ScriptError(fmt::format("the function for '{}' should return a cache, not {}", contender.name,
                                  describe_argument(L, -1)));
  }
  // A fresh one, so that none is in two places.
  cache = cache->fresh();
  lua_pop(L, 1);
  return cache;
}

std::shared_ptr<Cache> made_by_name(lua_State* L, const Contender& contender, std::uint64_t size,
                                    bool bytes) {
  const int top = lua_gettop(L);
  lua_createtable(L, 0, 1);
  lua_pushnumber(L, static_cast<double>(size));
  lua_setfield(L, -2, bytes ? "capacity_bytes" : "capacity");
  const std::string owner = "lab." + contender.component->d.name;
  Arguments arguments(L, top + 1, owner, contender.component->d.params);
  contender.component->d.make(L, arguments);
  std::shared_ptr<Cache> cache = shared_at<Cache>(L, -1);
  lua_settop(L, top);
  return cache;
}

void set_list(lua_State* L, const char* name, const std::vector<double>& numbers) {
  lua_createtable(L, static_cast<int>(numbers.size()), 0);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    lua_pushnumber(L, numbers[i]);
    lua_rawseti(L, -2, static_cast<int>(i + 1));
  }
  lua_setfield(L, -2, name);
}

int compare(lua_State* L, Arguments& a) {
  const auto trace = a.object<RequestTrace>("trace");
  const bool bytes = a.string("unit", "entries") == "bytes";
  const double sample = a.number("sample", 1);
  const long processors = ::sysconf(_SC_NPROCESSORS_ONLN);
  const auto threads = static_cast<unsigned>(
      a.count("threads", static_cast<std::uint64_t>(std::clamp<long>(processors, 1, 64))));
  std::vector<Contender> contenders = read_policies(L, a);
  const std::vector<std::uint64_t> sizes =
      a.has("sizes") ? read_sizes(L, a) : default_sizes(L, *trace, bytes);

  Progress progress(L);
  std::shared_ptr<FutureUses> future;
  std::vector<PieceUser> users, here;
  for (Contender& c : contenders) {
    if (c.component != nullptr && c.component->d.name == "cache.lru" && !bytes) {
      c.distances = std::make_unique<ReuseDistances>();
      users.push_back(
          [distances = c.distances.get()](const RequestPiece& piece) { distances->add(piece.ids); });
      continue;
    }
    const bool prophet = c.component != nullptr && c.component->d.name == "cache.belady";
    if (prophet && future == nullptr) {
      future = std::make_shared<FutureUses>();
      Pieces pieces(L, *trace, sample, bytes);
      RequestPiece piece;
      while (pieces.next(piece)) {
        if (piece.ids.size() >= FutureUses::kNever - future->requests())
          throw ScriptError("the trace is longer than 4 billion requests; belady has to remember all of it");
        future->add(piece.ids);
        progress.step("looking ahead", pieces.requests);
        piece = {};
      }
    }
    for (const std::uint64_t size : sizes) {
      const auto scaled =
          static_cast<std::uint64_t>(std::max(1.0, std::round(static_cast<double>(size) * sample)));
      if (prophet) {
        c.caches.push_back(
            make_belady(bytes ? CacheCapacity::bytes(scaled) : CacheCapacity::entries(scaled), future));
      } else if (c.component != nullptr) {
        c.caches.push_back(made_by_name(L, c, scaled, bytes));
      } else {
        c.caches.push_back(made_by_function(L, c, scaled));
      }
      // What a function made may call into the script, and has to stay on this thread.
      (c.component != nullptr ? users : here).push_back(replay_into(*c.caches.back()));
    }
  }

  Pieces pieces(L, *trace, sample, bytes);
  const auto next = [&](RequestPiece& piece) {
    const bool more = pieces.next(piece);
    progress.step("lab.cache.compare", pieces.requests);
    return more;
  };
  replay_all(next, users, {.threads = threads, .here = here});

  lua_createtable(L, 0, 8);
  lua_pushstring(L, bytes ? "bytes" : "entries");
  lua_setfield(L, -2, "unit");
  lua_pushnumber(L, static_cast<double>(pieces.requests));
  lua_setfield(L, -2, "requests");
  lua_pushnumber(L, static_cast<double>(pieces.sampled));
  lua_setfield(L, -2, "sampled");
  set_list(L, "sizes", {sizes.begin(), sizes.end()});
  lua_createtable(L, static_cast<int>(contenders.size()), 0);
  lua_createtable(L, 0, static_cast<int>(contenders.size()));
  lua_createtable(L, 0, static_cast<int>(contenders.size()));
  for (std::size_t p = 0; p < contenders.size(); ++p) {
    const Contender& c = contenders[p];
    lua_pushlstring(L, c.name.data(), c.name.size());
    lua_rawseti(L, -4, static_cast<int>(p + 1));
    std::vector<double> hits, ratios;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const auto scaled =
          static_cast<std::uint64_t>(std::max(1.0, std::round(static_cast<double>(sizes[i]) * sample)));
      hits.push_back(static_cast<double>(c.hits(i, scaled)));
      const auto all = static_cast<double>(pieces.sampled);
      ratios.push_back(all > 0 ? (all - hits.back()) / all : 0);
    }
    set_list(L, c.name.c_str(), ratios);
    lua_insert(L, -2);
    set_list(L, c.name.c_str(), hits);
    lua_insert(L, -2);
  }
  lua_setfield(L, -4, "miss_ratio");
  lua_setfield(L, -3, "hits");
  lua_setfield(L, -2, "policies");

  // The picture of it is made in Lua.
  lua_getfield(L, LUA_REGISTRYINDEX, "syslab.library_method");
  lua_pushliteral(L, "cache_curves");
  lua_pushliteral(L, "new");
  lua_call(L, 2, 1);
  lua_insert(L, -2);
  lua_call(L, 1, 1);
  return 1;
}

const Component compare_component{{
    .name = "cache.compare",
    .summary =
        "Replays a trace through many policies at many sizes: the miss ratio of each, as a table and a "
        "chart. "
        "LRU takes one pass for all sizes, the others one cache a size, on all processors; the results do "
        "not depend on how many there are.",
    .params =
        {object("trace", "RequestTrace", "what is asked for"),
         table("policies", "names of lab.cache; or name = function(capacity) return a cache end"),
         list("sizes", "the capacities to try")
             .optional("12, from a thousandth of what the trace touches to all of it"),
         choice("unit", {"entries", "bytes"}, "what the sizes count").optional("entries"),
         probability("sample", "works on a sample of the keys and on sizes as much smaller (SHARDS)")
             .above(0)
             .optional("1"),
         count("threads", "at most so many at once").at_least(1).at_most(64).optional("one a processor")},
    .returns = "a table: sizes, policies, hits, miss_ratio (by policy, a number a size); prints as a picture",
    .cost = "for each size what the policy costs a request; LRU at all sizes what five to ten caches cost",
    .paper = "Mattson et al. 1970, Evaluation techniques for storage hierarchies",
    .example = R"(local trace = lab.workload.zipf{ count = 1000 }:trace{ requests = 10000 }
local c = lab.cache.compare{ trace = trace, policies = { "lru", "sieve" }, sizes = { 10, 100 } }
local alone = lab.cache.lru{ capacity = 100 }:replay(trace)
return c.hits.lru[2] == alone.hits and c.miss_ratio.sieve[2] < c.miss_ratio.lru[2])",
    .make = &compare,
    .privileged = true,
}};

}  // namespace
}  // namespace syslab

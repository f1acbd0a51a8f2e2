// A limit that several nodes share: the filter at each node, and the store that they ask.
//
// A limiter in each of n processes admits n times the limit. To share one, the nodes must talk, and how often
// they do is the choice between exactness and latency:
//
//   local    not at all. With `share` split each node has rate / n and burst / n: never too much, but too
//            little where the load is uneven. With share full each has the whole limit: up to n times too
//            much.
//   central  each request asks the store, a round trip: at most burst + rate * t pass in any time t.
//   batched  each node gets an allowance from the store, takes from it on the spot, and every `interval`
//   tells
//            the store what it took and gets a new one. An allowance is at most max(1, rate * interval), and
//            none is given while the store's bucket is in debt. So at most
//                burst + rate * t + nodes * max(1, rate * interval)
//            pass in any time t: an overshoot of nodes * rate * interval. Only the first request of a key
//            that a node does not know waits for a round trip.
//
// (Why: as long as the store's bucket is not empty, what was reported is at most burst + rate * t; beyond
// that there are only the allowances that are out, one a node, and no new ones. The debt they leave is paid
// first.)
//
// When the store cannot be reached (it is down, cut off, too slow) a node fails `closed`: it refuses with
// `unavailable`, in batched form after it used up its allowance, and the bounds hold; `open`: it admits
// everything, and nothing holds; or `local`: it goes on with rate / n and burst / n of its own. A store that
// crashes forgets its buckets: they start full again, which is one more burst. A report whose answer was lost
// is sent again and may count twice: too strict, never too lax.
//
// The rule (rate and burst) travels with each request, as with a script in Redis, so the store needs no
// configuration. Token buckets with doubles; each request costs 1. Cost at a node: central one call, else
// O(1) a request, O(log keys) for the table; memory for at most max_keys keys that were busy in the last
// interval.
#pragma once

#include <cstdint>

#include "core/limit/limiter.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

struct SharedLimitOptions {
  enum class Form : std::uint8_t { central, local, batched };
  enum class Share : std::uint8_t { split, full };  // of the form local
  enum class OnFailure : std::uint8_t { closed, open, local };
  enum class By : std::uint8_t { all, key, caller };  // whose budget it is

  Form form = Form::central;
  double rate = 1;
  double burst = 1;
  By by = By::all;
  std::size_t nodes = 1;  // for what is local
  Share share = Share::split;
  NodeId store = kNoNode;                              // but not of the form local
  Duration timeout = std::chrono::milliseconds(50);    // of a call to the store
  Duration interval = std::chrono::milliseconds(100);  // of the form batched
  OnFailure on_failure = OnFailure::closed;
  std::size_t max_keys = 100'000;
};

// Rates and bursts as TokenBucket has them, also the n-th part; nodes >= 1; timeout, interval > 0; 1 <=
// max_keys < 2^31; and a store, if the form needs one.
bool valid(const SharedLimitOptions& options);
// Requires: valid(options). Errors of its service: rate_limited, unavailable (both definite).
Filter make_shared_limit(const SharedLimitOptions& options);

// The store: a filter around a service, which answers what those filters ask and passes on everything else.
// What they ask goes through the service first, so it takes its service time and its place in the queue.
struct LimitStoreOptions {
  std::size_t max_keys = 1'000'000;  // for each rule; the one closest to full is forgotten
};
// Requires: 1 <= max_keys < 2^31. It knows up to 1000 rules; more are refused as `unavailable`.
Filter make_limit_store(const LimitStoreOptions& options);

}  // namespace syslab

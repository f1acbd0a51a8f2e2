#include "core/limit/token_bucket.hpp"

#include <fmt/format.h>

#include "core/limit/basic_limiter.hpp"

namespace syslab {

static_assert(LimitAlgorithm<TokenBucket>);
template class BasicLimiter<TokenBucket>;
template class BasicKeyedLimiter<TokenBucket>;

TokenBucket::TokenBucket(const TokenBucketOptions& options)
    : options_(options), exact_(options.rate, options.burst) {}

std::string TokenBucket::describe() const {
  return fmt::format("token_bucket{{rate = {}, burst = {}}}", options_.rate, options_.burst);
}

std::unique_ptr<Limiter> make_token_bucket(const TokenBucketOptions& options) {
  return std::make_unique<BasicLimiter<TokenBucket>>(TokenBucket(options));
}

std::unique_ptr<KeyedLimiter> make_keyed_token_bucket(const TokenBucketOptions& options,
                                                      std::size_t max_keys) {
  return std::make_unique<BasicKeyedLimiter<TokenBucket>>(TokenBucket(options), max_keys);
}

}  // namespace syslab

// BasicCrdt: what all replicated data types have in common around a state of their own.
//
// A state is a plain value type. Its default is the empty state, `join` makes it the least state above both,
// and a delta is a state. To add a type: write one, static_assert the concept, and make a BasicCrdt of it.
#pragma once

#include <concepts>
#include <deque>
#include <utility>

#include "core/replicate/crdt.hpp"

namespace syslab {

template <class S>
concept CrdtState = std::default_initializable<S> && std::copyable<S> &&
    requires(S& state, const S& other, const Value& value, const CrdtOptions& options) {
  { S::kName } -> std::convertible_to<std::string_view>;
  // The delta of an operation at this replica. It changes nothing yet.
  { other.mutate(options, value) } -> std::same_as<Expected<S>>;
  // Whether it was news.
  { state.join(other, options.bug) } -> std::same_as<bool>;
  { other.value() } -> std::same_as<Value>;
  { other.encode() } -> std::same_as<Value>;
  { S::decode(value) } -> std::same_as<Expected<S>>;
};

template <CrdtState S>
class BasicCrdt final : public Crdt {
 public:
  explicit BasicCrdt(CrdtOptions options) : options_(std::move(options)) {}

  std::string_view name() const override { return S::kName; }
  const CrdtOptions& options() const override { return options_; }
  std::unique_ptr<Crdt> fresh(CrdtOptions options) const override {
    return std::make_unique<BasicCrdt>(std::move(options));
  }

  Expected<Value> apply(const Value& operation) override {
    Expected<S> delta = state_.mutate(options_, operation);
    if (!delta) return delta.error();
    state_.join(*delta, options_.bug);
    Value encoded = delta->encode();
    keep(std::move(*delta));
    return encoded;
  }

  Expected<bool> merge(const Value& state) override {
    Expected<S> other = S::decode(state);
    if (!other) return other.error();
    const bool news = state_.join(*other, options_.bug);
    if (news) keep(std::move(*other));
    return news;
  }

  Value value() const override { return state_.value(); }
  Value state() const override { return state_.encode(); }
  std::uint64_t version() const override { return version_; }
  Value delta_since(std::uint64_t version) const override {
    if (version + deltas_.size() < version_) return state();
    S joined;
    for (std::size_t back = version_ > version ? version_ - version : 0; back > 0; --back) {
      joined.join(deltas_[deltas_.size() - back], options_.bug);
    }
    return joined.encode();
  }

 private:
  void keep(S delta) {
    ++version_;
    if (options_.deltas_kept == 0) return;
    deltas_.push_back(std::move(delta));
    if (deltas_.size() > options_.deltas_kept) deltas_.pop_front();
  }

  CrdtOptions options_;
  S state_;
  std::uint64_t version_ = 0;
  std::deque<S> deltas_;  // the last changes, the newest at the end
};

// For mutate(): "an or_set does add and remove, not 'put'".
inline Error no_such_operation(std::string_view type, std::string_view operations, const Value& operation) {
  return make_error("malformed", std::string(type) + " does " + std::string(operations) + ", not " +
                                     operation["op"].json());
}

}  // namespace syslab

// MembershipFilter: may this key have been added? "No" is certain, "yes" is wrong with a small probability.
#pragma once

#include <cmath>

#include "core/sketch/sketch.hpp"

namespace syslab {

class MembershipFilter : public Sketch {
 public:
  // False where there is no room, and then nothing has changed.
  virtual bool add(std::uint64_t hash) = 0;
  virtual bool contains(std::uint64_t hash) const = 0;
  // Whether remove() works for this kind.
  virtual bool removable() const { return false; }
  // Takes a key out that was added before. False where it certainly was not. Removing a key that was never
  // added but is reported by mistake takes another key's mark away. Requires: removable().
  virtual bool remove(std::uint64_t hash) = 0;
  // Keys added, less those removed; a key that was added twice counts twice.
  virtual std::uint64_t size() const = 0;
  // The probability that a key that was not added is reported, when `keys` different ones were.
  virtual double expected_false_positives(double keys) const = 0;
  virtual std::unique_ptr<MembershipFilter> fresh() const = 0;

  // The error is the rate of false positives, over enough strangers to see some 2000 of them (10 million at
  // most). theory_bytes: log2(1/rate) bits a key, below which no filter with this rate can be (Carter et al.
  // 1978).
  Accuracy accuracy(std::span<const std::uint64_t> ids) const override;
};

}  // namespace syslab

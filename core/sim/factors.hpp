// A product of factors that several faults contribute to and take back, in any order, exactly.
#pragma once

#include <algorithm>
#include <vector>

#include "core/base/assert.hpp"

namespace syslab {

class Factors {
 public:
  double product() const { return product_; }
  void add(double factor) {
    factors_.push_back(factor);
    multiply();
  }
  // Requires: add(factor) was called and not yet taken back.
  void remove(double factor) {
    const auto found = std::find(factors_.begin(), factors_.end(), factor);
    SYSLAB_ASSERT(found != factors_.end());
    factors_.erase(found);
    multiply();
  }

 private:
  // Dividing would leave rounding behind, so the product is made anew.
  void multiply() {
    product_ = 1;
    for (double factor : factors_) product_ *= factor;
  }
  std::vector<double> factors_;
  double product_ = 1;
};

}  // namespace syslab

// The sketches that tests/sketch/conformance_test.cpp runs on. Every kind's own test file adds itself.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/sketch/sketch.hpp"

namespace syslab::test {

struct RegisteredSketch {
  std::string name;
  // One that is good for some 20 000 keys, and one of another size.
  std::function<std::unique_ptr<Sketch>()> make;
  std::function<std::unique_ptr<Sketch>()> make_other;
  // Adds a key given by its id, and what the sketch then says about one: whether it holds it, how often it
  // came, how many there are.
  std::function<void(Sketch&, std::uint64_t id)> add;
  std::function<double(const Sketch&, std::uint64_t id)> answer;
  // What merging gives: nothing, a sketch that bounds the truth, or the sketch of all.
  enum class Merge : std::uint8_t { none, bound, exact } merge;
  // Where measured / theory must lie in the experiment.
  double least_quotient, most_quotient;

  static std::vector<RegisteredSketch>& all() {
    static std::vector<RegisteredSketch> sketches;
    return sketches;
  }
};

struct RegisterSketch {
  explicit RegisterSketch(RegisteredSketch sketch) { RegisteredSketch::all().push_back(std::move(sketch)); }
};

}  // namespace syslab::test

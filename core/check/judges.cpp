#include "core/check/judges.hpp"

#include <algorithm>

#include "core/check/sequential.hpp"

namespace syslab {
namespace {

template <const char* kModel>
Expected<Judgement> sequential(const History& history, const CheckOptions& options) {
  SequentialOptions o;
  o.steps_max = options.search.steps_max;
  o.memory_bytes_max = options.search.memory_bytes_max;
  o.shorten = options.search.shorten;
  o.give_up = options.search.give_up;
  return check_sequential(history, **model_named(kModel), o);
}

constexpr char kRegister[] = "register", kQueue[] = "queue", kKv[] = "kv", kListAppend[] = "list-append";

}  // namespace

const std::vector<Judge>& judges() {
  static const std::vector<Judge> all = [] {
    std::vector<Judge> list = {
        {"sequential", "sequential consistency of registers, all keys together", &sequential<kRegister>},
        {"sequential-kv", "the same of a key-value store", &sequential<kKv>},
        {"sequential-list-append", "the same of lists", &sequential<kListAppend>},
        {"sequential-queue", "the same of first-in-first-out queues", &sequential<kQueue>},
    };
    std::sort(list.begin(), list.end(), [](const Judge& a, const Judge& b) { return a.name < b.name; });
    return list;
  }();
  return all;
}

}  // namespace syslab

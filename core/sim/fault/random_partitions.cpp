#include "core/sim/fault/random_partitions.hpp"

#include "core/sim/fault/chaos.hpp"
#include "core/sim/fault/partition.hpp"

namespace syslab {

FaultPtr make_random_partitions(RandomPartitionsOptions options) {
  const auto pick = [&](const char* word) {
    return options.of.empty() ? *Target::parse(word)
                              : *Target::parse(Value::map({{"pick", word}, {"of", options.of.value()}}));
  };
  ChaosOptions chaos;
  chaos.faults = {
      make_partition({.target = pick("one")}),      make_partition({.target = pick("minority")}),
      make_partition({.target = pick("majority")}), make_partition({.ring = pick("all")}),
      make_partition({.bridge = pick("all")}),      make_partition({.target = pick("one"), .one_way = true})};
  chaos.every = options.every;
  chaos.lasting = options.lasting.value_or(options.every / 2);
  chaos.span = options.span;
  return make_chaos(std::move(chaos));
}

}  // namespace syslab

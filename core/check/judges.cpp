#include "core/check/judges.hpp"

#include <algorithm>

#include "core/base/nearest.hpp"
#include "core/check/causal.hpp"
#include "core/check/counter.hpp"
#include "core/check/invariants.hpp"
#include "core/check/sequential.hpp"
#include "core/check/transactions.hpp"

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

template <bool kConvergent>
Expected<Judgement> causal(const History& history, const CheckOptions& options) {
  return check_causal(history, {kConvergent, options.search.memory_bytes_max});
}

template <Expected<Judgement> (*kCheck)(const History&, const TransactionOptions&)>
Expected<Judgement> transactions(const History& history, const CheckOptions& options) {
  const auto level = isolation_level(options.level);
  if (!level) {
    std::string all;
    for (const std::string& name : isolation_levels()) all += (all.empty() ? "" : ", ") + name;
    return make_error("not_found", "no isolation level '" + options.level + "'" +
                                       did_you_mean(options.level, isolation_levels()) + "; there are " +
                                       all);
  }
  return kCheck(history, {*level, options.search.steps_max});
}

}  // namespace

const std::vector<Judge>& judges() {
  static const std::vector<Judge> all = [] {
    std::vector<Judge> list = {
        {"bank", "the balances that are read always add up to the same",
         [](const History& h, const CheckOptions& o) { return check_bank(h, o.total); }},
        {"causal", "causal consistency of registers with distinct values", &causal<false>},
        {"causal-convergent", "the same, and concurrent writes are settled alike everywhere", &causal<true>},
        {"convergence", "once writes have stopped, all read the same",
         [](const History& h, const CheckOptions&) -> Expected<Judgement> { return check_convergence(h); }},
        {"final-count", "a counter whose reads may be behind loses and repeats nothing",
         [](const History& h, const CheckOptions&) { return check_final_count(h); }},
        {"long-fork", "no two reads see two writes in different orders",
         [](const History& h, const CheckOptions&) { return check_long_fork(h); }},
        {"session", "read your writes, monotonic reads and writes, writes follow reads",
         [](const History& h, const CheckOptions&) { return check_session(h); }},
        {"set-full", "what was added to a set stays in it",
         [](const History& h, const CheckOptions&) { return check_set(h); }},
        {"total-queue", "what a queue accepted comes out at least once",
         [](const History& h, const CheckOptions&) -> Expected<Judgement> { return check_total_queue(h); }},
        {"txn-list-append", "transactions on lists keep an isolation level",
         &transactions<check_list_append>},
        {"txn-rw-register", "transactions on registers keep an isolation level",
         &transactions<check_rw_register>},
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

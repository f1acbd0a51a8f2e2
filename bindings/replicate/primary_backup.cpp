#include "core/replicate/primary_backup.hpp"

#include "bindings/replicate/monitored.hpp"

namespace syslab {
namespace {

const Component primary_backup{{
    .name = "replicate.primary_backup",
    .summary =
        "A replicated key-value store: a primary executes, backups hold copies, a monitor (the node "
        "NAME-monitor) names another primary when it falls silent, or when it is asked to \"promote\" one. "
        "Takes read, write and cas.",
    .params = monitored_params(
        {choice("mode", {"sync", "semi_sync", "async"},
                "when a write is acknowledged: the backups have it; or a time has passed; or at once")
             .optional("'sync'"),
         count("copies", "backups that must have a write; a sync that is not told waits for all in sync")
             .at_least(1)
             .optional("all, of semi_sync 1"),
         duration("semi_timeout", "of semi_sync: how long it waits for the backups before it goes on alone")
             .above(0)
             .optional("1 s"),
         count("in_sync_min", "of a sync with all: so many backups are waited for although they are silent")
             .optional("0"),
         choice(
             "fencing", {"none", "epoch", "lease", "stonith"},
             "what keeps an old primary from answering: nothing; backups that obey no earlier epoch; also a "
             "lease that must run out; or its power is switched off")
             .optional("'epoch'"),
         choice("reads", {"primary", "any"}, "who answers reads; those of any replica may be stale")
             .optional("'primary'"),
         bug_param(kPrimaryBackupBugs)}),
    .returns = "Protocol",
    .cost = "a sync write takes a round trip to the backups and an fsync at both ends, in parallel",
    .paper = "Lin et al. 2008, PacificA; Alsberg & Day 1976",
    .example = R"(
local w = lab.world{ seed = 1 }
local kv = w:replicas("kv", lab.replicate.primary_backup{ count = 3 })
w:run(1)
kv[1]:call{ type = "write", key = "x", value = 1 }
w:inject(lab.fault.crash("primaries"))
w:run(2)
return kv[2]:call{ type = "read", key = "x" } == 1)",
    .make =
        [](lua_State* L, Arguments& a) {
          PrimaryBackupOptions o;
          o.replica = monitored_options(a);
          const std::string mode = a.string("mode", "sync");
          o.mode = mode == "async"       ? PrimaryBackupMode::async
                   : mode == "semi_sync" ? PrimaryBackupMode::semi_sync
                                         : PrimaryBackupMode::sync;
          const std::size_t replicas = a.count("count");
          if (a.has("copies")) o.copies = a.count("copies");
          if (o.copies.value_or(0) >= replicas) a.reject("copies", "there are fewer backups");
          o.semi_timeout = a.duration("semi_timeout", o.semi_timeout);
          o.in_sync_min = a.count("in_sync_min", 0);
          if (o.in_sync_min >= replicas) a.reject("in_sync_min", "there are fewer backups");
          o.replica.fencing = static_cast<Fencing>(
              std::find(kFencingNames.begin(), kFencingNames.end(), a.string("fencing", "epoch")) -
              kFencingNames.begin());
          o.reads_anywhere = a.string("reads", "primary") == "any";
          o.bug = bug_argument(a, kPrimaryBackupBugs);
          return push_primary_backup(L, "primary-backup", replicas, o);
        },
}};

}  // namespace
}  // namespace syslab

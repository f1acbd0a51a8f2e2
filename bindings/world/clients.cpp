#include "bindings/world/clients.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"
#include "bindings/replicate/protocol.hpp"
#include "bindings/world/load.hpp"
#include "core/sim/clients.hpp"

namespace syslab {
namespace {

struct ClientsHandle {
  std::shared_ptr<LabWorld> world;
  Clients* clients;  // lives as long as its world
};

// A copy: what the clients do later does not change it.
int history(lua_State* L, ClientsHandle& h) {
  alive(*h.world);
  return push(L, std::make_shared<History>(h.clients->history()));
}

template <std::uint64_t (Clients::*Count)() const>
int counted(lua_State* L, ClientsHandle& h) {
  alive(*h.world);
  lua_pushnumber(L, static_cast<double>((h.clients->*Count)()));
  return 1;
}

int stop(lua_State*, ClientsHandle& h) {
  alive(*h.world);
  h.clients->stop();
  return 0;
}

const Type clients{describe_type<ClientsHandle>(
    "Clients", "Clients of a replicated store, and the history of what they did.",
    {
        method<&counted<&Clients::failed>>("failed", "() -> number",
                                           "Operations that certainly did not happen."),
        method<&history>("history", "() -> History", "What they did so far, for a checker."),
        method<&counted<&Clients::ok>>("ok", "() -> number", "Operations that succeeded."),
        method<&stop>("stop", "()", "No new operations."),
        method<&counted<&Clients::unknown>>("unknown", "() -> number",
                                            "Operations that may or may not have happened."),
    },
    [](lua_State* L, int index) -> std::string {
      const ClientsHandle* h = object_at<ClientsHandle>(L, index);
      if (h->world->closed()) return "of a closed world";
      return fmt::format("ok={}, failed={}, unknown={}", h->clients->ok(), h->clients->failed(),
                         h->clients->unknown());
    })};

}  // namespace

std::vector<Param> replicas_params() {
  return {string("name", "the group's name; its members are NAME-1, NAME-2 ..."),
          object("protocol", "Protocol", "such as lab.replicate.raft{ count = 5 }"),
          distribution("time", "a replica's time to handle a message").optional("no time")};
}

int add_replicas(lua_State* L, LabWorld& w, Arguments& a) {
  alive(w);
  const auto protocol = a.object<Protocol>("protocol");
  auto members = std::make_shared<std::vector<NodeId>>();
  NodeOptions options;
  options.time = a.distribution("time");
  options.host.kind = "node";
  Protocol::Watched watched;
  if (protocol->watched) watched = protocol->watched(members);
  Expected<std::vector<NodeId>> ids = w.world.add_group(
      a.string("name"), protocol->count,
      [&](std::size_t) { return protocol->watched ? watched.replica : protocol->replica(members); }, options);
  if (!ids) throw ScriptError(ids.error().message);
  *members = *ids;
  if (watched.watch != nullptr) w.watches.push_back(watched.watch);
  if (protocol->beside != nullptr) protocol->beside(w.world, a.string("name"), members);
  lua_createtable(L, static_cast<int>(ids->size()), 0);
  for (std::size_t i = 0; i < ids->size(); ++i) {
    push_node(L, w, (*ids)[i]);
    lua_rawseti(L, -2, static_cast<int>(i + 1));
  }
  return 1;
}

std::vector<Param> clients_params() {
  return {any("to", "the replicas to ask: what w:replicas gave, or one node").optional("required"),
          count("count", "how many clients").at_least(1).optional("8"),
          table("mix", "weights of read, write and cas").optional("{ read = 0.5, write = 0.4, cas = 0.1 }"),
          any("keys", "how many keys, or a key stream").optional("3"),
          distribution("think", "a client's time between operations").optional("exponential, mean 20 ms"),
          duration("timeout", "how long one waits for an answer").above(0).optional("0.5 s"),
          count("retries", "how often an operation of which nobody knows is asked again, with the same number")
              .optional("0"),
          string("name", "its name in pictures").optional("'clients'")};
}

int add_clients(lua_State* L, LabWorld& w, Arguments& a) {
  alive(w);
  ClientsOptions o;
  o.to = nodes_at(L, w, a, "to");
  if (o.to.empty()) throw ScriptError("missing option 'to' for clients: the replicas to ask");
  o.count = a.count("count", o.count);
  if (const int mix = a.index_of("mix"); mix != 0) {
    o.read = o.write = o.cas = 0;
    const Value weights = to_value(L, mix);
    for (const auto& [type, weight] : weights.is_map() ? weights.map() : Value::Map{}) {
      double* field = type == "read"    ? &o.read
                      : type == "write" ? &o.write
                      : type == "cas"   ? &o.cas
                                        : nullptr;
      if (field == nullptr) a.reject("mix", "clients do read, write and cas, not '" + type + "'");
      if (!weight.is_number() || !(weight.number() >= 0))
        a.reject("mix", "the weight of '" + type + "' is no number of at least 0");
      *field = weight.number();
    }
    if (!(o.read + o.write + o.cas > 0)) a.reject("mix", "the weights are all zero");
  }
  o.keys = keys_option(L, a);
  if (o.keys == nullptr) o.keys = [](Rng& rng) { return Value(static_cast<double>(rng.below(3) + 1)); };
  o.think = a.distribution("think");
  o.timeout = a.duration("timeout", o.timeout);
  o.retries = a.count("retries", o.retries);
  std::string name = a.string("name", "clients");
  for (int i = 2; !a.has("name") && w.world.find(name).ok(); ++i) name = fmt::format("clients-{}", i);
  Expected<NodeId> self = w.world.add_client(name, {.kind = "clients", .targets = o.to});
  if (!self) throw ScriptError(self.error().message);
  Clients& made = *w.clients.emplace_back(std::make_unique<Clients>(w.world, *self, std::move(o)));
  return push(L, std::make_shared<ClientsHandle>(ClientsHandle{w.shared_from_this(), &made}));
}

}  // namespace syslab

#include "core/sim/clients.hpp"

#include <algorithm>

#include "core/sim/world.hpp"

namespace syslab {

Clients::Clients(World& world, NodeId self, ClientsOptions options)
    : world_(world), self_(self), options_(std::move(options)) {
  SYSLAB_ASSERT(!options_.to.empty());
  SYSLAB_ASSERT(options_.keys != nullptr);
  SYSLAB_ASSERT(options_.read + options_.write + options_.cas > 0);
  if (options_.think == nullptr) options_.think = make_exponential({.mean = 0.02});
  const Rng rng = world_.rng("clients").split(world_.name_of(self));
  for (std::size_t i = 0; i < options_.count; ++i) {
    clients_.push_back({.process = last_process_++,
                        .name = world_.name_of(self) + "/" + std::to_string(i + 1),
                        .replica = i % options_.to.size(),
                        .rng = rng.split(i)});
  }
  for (std::size_t i = 0; i < clients_.size(); ++i) think(i);
}

void Clients::think(std::size_t i) {
  if (stopped_) return;
  world_.env(self_).after(sample_duration(*options_.think, clients_[i].rng), [this, i] { act(i); });
}

Value& Clients::seen(Client& client, const Value& key) {
  for (auto& [k, value] : client.seen) {
    if (k == key) return value;
  }
  return client.seen.emplace_back(key, Value()).second;
}

void Clients::act(std::size_t i) {
  if (stopped_) return;
  Client& client = clients_[i];
  const Value key = options_.keys(client.rng);
  const double choice = client.rng.unit() * (options_.read + options_.write + options_.cas);
  Request request;
  request.type = choice < options_.read ? "read" : choice < options_.read + options_.write ? "write" : "cas";
  Value::Map body = {{"key", key}, {"client", client.name}, {"seq", static_cast<double>(++client.seq)}};
  Value argument;
  if (request.type != "read") {
    argument = static_cast<double>(++last_value_);
    body.emplace_back("value", argument);
  }
  if (request.type == "cas") {
    body.emplace_back("expected", seen(client, key));
    argument = Value::list({seen(client, key), argument});
  }
  request.body = Value::map(std::move(body));
  const History::OpId op = history_.invoke(client.process, request.type, key, argument, world_.now(),
                                           world_.name_of(options_.to[client.replica]));
  ask(i, std::make_shared<Operation>(Operation{op, std::move(request), argument, options_.retries}));
}

void Clients::ask(std::size_t i, std::shared_ptr<Operation> operation) {
  const NodeId replica = options_.to[clients_[i].replica];
  const Request request = operation->request;
  const auto answered = [this, i, o = std::move(operation)](const Result& result) {
    Client& c = clients_[i];
    const std::string& type = o->request.type;
    const bool cas = type == "cas";
    if (result.ok()) {
      ++ok_;
      const Value value = cas || type == "write" ? o->argument : *result;
      history_.complete(o->id, Event::Type::ok, value, world_.now());
      seen(c, o->request.key()) = cas ? o->argument.list()[1] : value;
      return think(i);
    }
    const Error& error = result.error();
    const bool conflict = error.code == "conflict";
    if (!conflict) c.replica = (c.replica + 1) % options_.to.size();
    // With retries, another attempt may have done it: the refusal of one says nothing.
    const bool definite = conflict || (error.definite && options_.retries == 0);
    if (!definite && o->retries > 0) {
      --o->retries;
      return ask(i, o);
    }
    ++(definite ? failed_ : unknown_);
    history_.complete(o->id, definite ? Event::Type::fail : Event::Type::info, o->argument, world_.now(),
                      error.code);
    if (!definite) c.process = last_process_++;
    think(i);
  };
  world_.env(self_).call(replica, request, options_.timeout, answered);
}

}  // namespace syslab

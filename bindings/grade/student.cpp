#include "bindings/grade/student.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "bindings/grade/remote_node.hpp"
#include "bindings/grade/wire.hpp"
#include "bindings/host/isolate.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/host/script_error.hpp"

namespace syslab::grade {
namespace {

constexpr std::size_t kMaxOutputBytes = std::size_t{16} << 10;

}  // namespace

// One state that the file runs in. The registry holds, by number, the objects that the check knows ("syslab.objects")
// and, by object, their numbers ("syslab.numbers").
class Instance final : public Residents {
 public:
  Instance(std::uint64_t seed, std::uint64_t budget, std::size_t memory, const std::vector<std::string>& uses)
      : host_(LuaOptions{.seed = seed, .memory_cap_bytes = memory, .isolate = true}), budget_(budget) {
    host_.write = [this](std::string_view text) {
      output_.append(text.substr(0, kMaxOutputBytes - std::min(kMaxOutputBytes, output_.size())));
    };
    lua_State* L = host_.state();
    restrict_components(L, uses);
    lua_newtable(L);
    lua_setfield(L, LUA_REGISTRYINDEX, "syslab.objects");
    lua_newtable(L);
    lua_setfield(L, LUA_REGISTRYINDEX, "syslab.numbers");
    lua_pushlightuserdata(L, this);
    lua_setfield(L, LUA_REGISTRYINDEX, "syslab.instance");
    lua_settop(L, 0);
  }

  std::string load(const std::string& name, const std::string& source, Reader& arguments,
                   const Student::CallBack& call_back) {
    return serve(arguments, call_back, [&](lua_State* L) {
      if (luaL_loadbufferx(L, source.data(), source.size(), ("@" + name).c_str(), "t") != 0) lua_error(L);
      lua_call(L, push_values(L, *in_, *this), 1);
      const int type = lua_type(L, -1);
      if (type != LUA_TTABLE && type != LUA_TFUNCTION) {
        throw ScriptError(fmt::format("the file should end with `return` and a table or a function; it returned {}",
                                      type == LUA_TNIL ? "nothing" : luaL_typename(L, -1)));
      }
      number_of(L, lua_gettop(L));
      return 0;
    });
  }

  std::string call(std::uint32_t reference, const std::string* field, Reader& arguments,
                   const Student::CallBack& call_back) {
    return serve(arguments, call_back, [&](lua_State* L) {
      push(L, 'R', reference);
      if (field != nullptr) {
        lua_getfield(L, -1, field->c_str());
        if (lua_isnil(L, -1)) throw ScriptError(fmt::format("there is no function '{}'", *field));
      }
      const int function = lua_gettop(L);
      lua_call(L, push_values(L, *in_, *this), LUA_MULTRET);
      return lua_gettop(L) - function + 1;
    });
  }

  std::string get(std::uint32_t reference, const std::string& field, Reader& nothing) {
    return serve(nothing, nullptr, [&](lua_State* L) {
      push(L, 'R', reference);
      lua_getfield(L, -1, field.c_str());
      return 1;
    });
  }

  std::string output() const {
    Writer out;
    out.byte('r');
    out.u32(1);
    out.byte('s');
    out.text(output_);
    return out.take();
  }

  bool write(lua_State* L, int index, Writer& out) override {
    switch (lua_type(L, index)) {
      case LUA_TTABLE:
        if (lua_getmetatable(L, index) != 0) {
          lua_pop(L, 1);
          break;
        }
        if (!has_function(L, index)) return false;
        break;
      case LUA_TFUNCTION:
      case LUA_TUSERDATA:
      case LUA_TTHREAD:
        break;
      default:
        throw ScriptError(fmt::format("a {} cannot be passed", luaL_typename(L, index)));
    }
    out.byte('R');
    out.u32(number_of(L, index));
    return true;
  }

  void push(lua_State* L, char tag, std::uint32_t id) override {
    if (tag == 'K') {
      lua_pushinteger(L, static_cast<lua_Integer>(id));
      lua_pushcclosure(L, &guard<&Instance::called_back>, 1);
      return;
    }
    lua_getfield(L, LUA_REGISTRYINDEX, "syslab.objects");
    lua_rawgeti(L, -1, static_cast<int>(id) + 1);
    lua_remove(L, -2);
    if (lua_isnil(L, -1)) throw WireError("a reference to nothing");
  }

 private:
  // Runs `body` protected and within the budget, and packs what it leaves on the stack. Requests nest where a check's
  // function that the code has called asks the code something in turn; all of them then share the outermost budget.
  std::string serve(Reader& arguments, const Student::CallBack& call_back, std::function<int(lua_State*)> body) {
    Job job{std::move(body), *this, {}};
    Reader* const outer_in = std::exchange(in_, &arguments);
    const Student::CallBack* const outer_call = std::exchange(call_back_, &call_back);
    if (depth_++ == 0) host_.set_budget(budget_);
    lua_State* L = host_.state();
    const int top = lua_gettop(L);
    lua_pushcfunction(L, &guard<&Instance::run_job>);
    lua_pushlightuserdata(L, &job);
    const LuaHost::Outcome outcome = host_.call(1);
    lua_settop(L, top);
    in_ = outer_in;
    call_back_ = outer_call;
    const bool exhausted = host_.budget_exhausted();
    if (--depth_ == 0) host_.clear_interrupt();
    if (outcome.ok()) return job.out.take();
    switch (outcome.status) {
      case LuaHost::Outcome::Status::out_of_memory:
        return trouble(Trouble::memory, fmt::format("{} MiB", host_.options().memory_cap_bytes >> 20));
      case LuaHost::Outcome::Status::interrupted:
        if (exhausted) return trouble(Trouble::budget, fmt::format("{}", budget_));
        [[fallthrough]];
      default:
        return trouble(Trouble::error, outcome.message);
    }
  }

  struct Job {
    std::function<int(lua_State*)> body;  // returns how many values it left on top
    Instance& instance;
    Writer out;
  };

  static int run_job(lua_State* L) {
    Job& job = *static_cast<Job*>(lua_touserdata(L, 1));
    lua_settop(L, 0);
    const int results = job.body(L);
    job.out.byte('r');
    write_values(L, lua_gettop(L) - results + 1, job.instance, job.out);
    return 0;
  }

  static int called_back(lua_State* L) {
    const lua_Integer id = lua_tointeger(L, lua_upvalueindex(1));
    lua_getfield(L, LUA_REGISTRYINDEX, "syslab.instance");
    auto& self = *static_cast<Instance*>(lua_touserdata(L, -1));
    lua_pop(L, 1);
    if (self.call_back_ == nullptr || !*self.call_back_) {
      throw ScriptError("this function belongs to a check that ended");
    }
    Writer request;
    request.u32(static_cast<std::uint32_t>(id));
    write_values(L, 1, self, request);
    const std::string reply = (*self.call_back_)(request.take());
    Reader in(reply);
    if (in.byte() == 'r') return push_values(L, in, self);
    in.byte();
    throw ScriptError(std::string(in.text()));
  }

  static bool has_function(lua_State* L, int index) {
    bool found = false;
    lua_pushnil(L);
    while (!found && lua_next(L, index) != 0) {
      found = lua_isfunction(L, -1);
      lua_pop(L, 1);
    }
    if (found) lua_pop(L, 1);
    return found;
  }

  // The number of an object: the one it has, or the next, from 0.
  std::uint32_t number_of(lua_State* L, int index) {
    lua_getfield(L, LUA_REGISTRYINDEX, "syslab.numbers");
    lua_pushvalue(L, index);
    lua_rawget(L, -2);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      lua_getfield(L, LUA_REGISTRYINDEX, "syslab.objects");
      lua_pushvalue(L, index);
      lua_rawseti(L, -2, static_cast<int>(++objects_));
      lua_pop(L, 1);
      lua_pushvalue(L, index);
      lua_pushinteger(L, static_cast<lua_Integer>(objects_));
      lua_rawset(L, -3);
      lua_pushinteger(L, static_cast<lua_Integer>(objects_));
    }
    const auto number = static_cast<std::uint32_t>(lua_tointeger(L, -1)) - 1;
    lua_pop(L, 2);
    return number;
  }

  LuaHost host_;
  std::uint64_t budget_;
  std::uint32_t objects_ = 0;
  std::string output_;
  int depth_ = 0;
  Reader* in_ = nullptr;
  const Student::CallBack* call_back_ = nullptr;
};

std::string trouble(Trouble kind, std::string_view text) {
  constexpr std::size_t kMaxText = 4096;
  Writer out;
  out.byte('e');
  out.byte(static_cast<char>(kind));
  out.text(text.substr(0, kMaxText));
  return out.take();
}

Student::Student() = default;
Student::~Student() = default;

std::string Student::answer(std::string_view request, const CallBack& call_back) {
  Reader in(request);
  const char kind = in.byte();
  if (kind == 'S') {
    name_ = in.text();
    source_ = in.text();
    uses_.clear();
    for (std::uint32_t n = in.u32(); n > 0; --n) uses_.emplace_back(in.text());
    return std::string("r\0\0\0\0", 5);
  }
  const std::uint32_t id = in.u32();
  if (kind == 'L') {
    const std::uint64_t seed = in.u64();
    const std::uint64_t budget = in.u64();
    const std::uint64_t memory = in.u64();
    auto& instance = instances_[id];
    instance = std::make_unique<Instance>(seed, budget, memory, uses_);
    return instance->load(name_, source_, in, call_back);
  }
  if (kind == 'N') {
    IsolateOptions options;
    options.code = source_;
    options.chunk_name = "@" + name_;
    options.submitted = true;
    options.uses = uses_;
    nodes_[id] = std::make_unique<NodeHost>(in, std::move(options));
    if (in.byte() != 'E' || in.u32() != id) throw WireError("a node without a first event");
    return nodes_[id]->handle(in, call_back);
  }
  if (kind == 'E') {
    const auto node = nodes_.find(id);
    if (node == nodes_.end()) throw WireError("an event for nobody");
    return node->second->handle(in, call_back);
  }
  if (kind == 'X') {
    nodes_.erase(id);
    return std::string("r\0\0\0\0", 5);
  }
  const auto found = instances_.find(id);
  if (found == instances_.end()) throw WireError("a request to nobody");
  Instance& instance = *found->second;
  switch (kind) {
    case 'C': {
      const std::uint32_t reference = in.u32();
      if (in.byte() == 'v') return instance.call(reference, nullptr, in, call_back);
      const std::string field(in.text());
      return instance.call(reference, &field, in, call_back);
    }
    case 'G': {
      const std::uint32_t reference = in.u32();
      const std::string field(in.text());
      return instance.get(reference, field, in);
    }
    case 'O':
      return instance.output();
    case 'D':
      instances_.erase(found);
      return std::string("r\0\0\0\0", 5);
    default:
      throw WireError("an unknown request");
  }
}

}  // namespace syslab::grade

// Descriptors: one registration says what a component or a type is, and everything else follows from it: option
// checks, help(), completion, editor annotations, docs/reference.md, and the test that runs every example.
//
//   const Component lru{{
//       .name = "cache.lru",                       // lab.cache.lru{ ... }
//       .summary = "A cache that evicts the entry used least recently.",
//       .params = {count("capacity", "most entries it holds").at_least(1)},
//       .returns = "Cache",
//       .cost = "O(1) an access",
//       .paper = "Mattson et al. 1970",
//       .example = "local c = lab.cache.lru{ capacity = 2 }; c:put('a', 1); return c:get('a') == 1",
//       .make = [](lua_State* L, Arguments& a) { return push(L, make_lru({.capacity = a.count("capacity")})); },
//   }};
//
// A `static const Component` or `static const Type` in any file below bindings/ is all it takes: the list is found at
// start and sorted by name. No description, no registration.
#pragma once

#include <cmath>
#include <limits>
#include <lua.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace syslab {

class Arguments;

struct Param {
  enum class Kind {
    number,        // any finite number
    count,         // a whole number
    boolean,
    string,
    choice,        // one of `choices`
    duration,      // seconds
    size,          // bytes
    rate,          // per second
    probability,   // 0 to 1
    distribution,  // a Distribution, or a number that is always drawn
    function,
    list,          // a table with an array part
    table,         // any table
    object,        // a userdata of the type `object`
    value,         // whatever can travel between nodes: nil, bool, number, string, list, map
    any,
  };

  std::string name;
  std::string doc;
  Kind kind = Kind::any;
  std::string object = {};
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool above_min = false;  // min itself is not allowed
  bool required = true;
  std::string fallback = {};  // the default as shown, "" where there is none
  std::vector<std::string> choices = {};

  Param at_least(double low) && { return min = low, std::move(*this); }
  Param above(double low) && { return min = low, above_min = true, std::move(*this); }
  Param at_most(double high) && { return max = high, std::move(*this); }
  // May be left out; `shown` describes what happens then ("no limit").
  Param optional(std::string shown = "") && { return required = false, fallback = std::move(shown), std::move(*this); }

  std::string type_text() const;  // "whole number", "seconds", "Distribution" ...
};

// Makers, so that a descriptor reads as a sentence.
inline Param number(std::string name, std::string doc) {
  return {std::move(name), std::move(doc), Param::Kind::number};
}
inline Param count(std::string name, std::string doc) {
  return Param{std::move(name), std::move(doc), Param::Kind::count}.at_least(0);
}
inline Param boolean(std::string name, std::string doc) {
  return {std::move(name), std::move(doc), Param::Kind::boolean};
}
inline Param string(std::string name, std::string doc) {
  return {std::move(name), std::move(doc), Param::Kind::string};
}
inline Param choice(std::string name, std::vector<std::string> choices, std::string doc) {
  Param p{std::move(name), std::move(doc), Param::Kind::choice};
  p.choices = std::move(choices);
  return p;
}
inline Param duration(std::string name, std::string doc) {
  return Param{std::move(name), std::move(doc), Param::Kind::duration}.at_least(0);
}
inline Param size(std::string name, std::string doc) {
  return Param{std::move(name), std::move(doc), Param::Kind::size}.at_least(0);
}
inline Param rate(std::string name, std::string doc) {
  return Param{std::move(name), std::move(doc), Param::Kind::rate}.at_least(0);
}
inline Param probability(std::string name, std::string doc) {
  return Param{std::move(name), std::move(doc), Param::Kind::probability}.at_least(0).at_most(1);
}
inline Param distribution(std::string name, std::string doc) {
  return Param{std::move(name), std::move(doc), Param::Kind::distribution}.at_least(0);
}
inline Param function(std::string name, std::string doc) {
  return {std::move(name), std::move(doc), Param::Kind::function};
}
inline Param list(std::string name, std::string doc) { return {std::move(name), std::move(doc), Param::Kind::list}; }
inline Param table(std::string name, std::string doc) { return {std::move(name), std::move(doc), Param::Kind::table}; }
inline Param value(std::string name, std::string doc) { return {std::move(name), std::move(doc), Param::Kind::value}; }
inline Param any(std::string name, std::string doc) { return {std::move(name), std::move(doc), Param::Kind::any}; }
inline Param object(std::string name, std::string type, std::string doc) {
  Param p{std::move(name), std::move(doc), Param::Kind::object};
  p.object = std::move(type);
  return p;
}

// A function of `lab`: a constructor, usually. Arguments come as one option table; those given by position fill the
// parameters in their order. `make` pushes its results and returns their number.
struct Component {
  struct Description {
    std::string name;  // "cache.lru", "world"
    std::string summary;
    std::vector<Param> params = {};
    std::string returns;  // a type's name, or what comes back in words
    std::string cost = {};
    std::string paper = {};
    std::string example;  // runs by itself and returns true
    int (*make)(lua_State*, Arguments&) = nullptr;
    // Reaches files or whole worlds: not for the isolates that run a node's or a student's code.
    bool privileged = false;
  };

  Component(Description description);  // registers itself
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;

  const Description d;
};

// A method of a type. Either `params` says what it takes (checked like a component's options) or `signature` does, for
// hot methods that check their few arguments themselves.
struct Method {
  std::string name;
  std::string signature;  // "(key) -> value | nil"
  std::string summary;
  std::vector<Param> params = {};
  lua_CFunction call = nullptr;
  // Implemented by the Lua library: function `function` of lua/`module`.lua, which gets self and the arguments.
  std::string module = {};
  std::string function = {};
};

// The type of a userdata.
struct Type {
  struct Description {
    std::string name;  // "Cache"
    std::string summary;
    std::vector<Method> methods;
    // What tostring and the prompt show after the name: "{policy=lru, size=3/8}". May be null.
    std::string (*show)(lua_State*, int index) = nullptr;
    const void* tag = nullptr;  // type_tag<T>: set by describe_type<T>
    bool plain = false;         // its boxes own nothing, so they need no finalizer, which costs the collector
  };

  Type(Description description);  // registers itself
  Type(const Type&) = delete;
  Type& operator=(const Type&) = delete;

  const Description d;
};

// Sorted by name.
const std::vector<const Component*>& components();
const std::vector<const Type*>& types();
const Type* find_type(const void* tag);

// Puts the table `lab` and the types' metatables into a fresh state. `lab` is a global afterwards; in an isolate it
// lacks the privileged components.
void install_components(lua_State* L, bool isolate);

// Pushes an array with a table for every component (name, summary, params, returns, cost, paper, example) or type.
void push_component_descriptions(lua_State* L);
void push_type_descriptions(lua_State* L);
// The component whose constructor is at `index`, or null.
const Component* component_at(lua_State* L, int index);

}  // namespace syslab

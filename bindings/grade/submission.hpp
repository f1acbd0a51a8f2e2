// Submission: a student's file as a check sees it. The trusted side of student.hpp.
//
// A check loads the file (a module whose functions it calls) or makes nodes of a world from it. The code never runs in
// the check's Lua state, and nothing but requests and their plain values goes over.
#pragma once

#include <cstdint>
#include <functional>
#include <lua.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/grade/student.hpp"
#include "bindings/host/isolate.hpp"

namespace syslab::grade {

// Where the student's code is: in this process, or behind a pipe.
class StudentPort {
 public:
  virtual ~StudentPort() = default;
  // The answer to a request, 'e' and Trouble::gone where nobody is left to give one. What comes back is untrusted.
  virtual std::string ask(std::string request, const Student::CallBack& call_back) = 0;
  // Ends it, for a reason: that is what is answered to whatever is asked from now on.
  virtual void close(Trouble why = Trouble::gone, std::string_view text = "because it was ended") = 0;
  // The code as a node of a world; over `self`, which is this port, or beside it.
  virtual NodeFactory node(const std::shared_ptr<StudentPort>& self, IsolateOptions options) = 0;

  // Why nobody answers any more, as a Trouble; 0 while somebody does.
  virtual char over() const = 0;

  std::uint32_t next_node() { return ++nodes_; }
  // Whether nodes may do one thing more. All that one check does with them, events and what they do at each, is
  // bounded: two nodes that answer each other without end are an endless loop, too, which no budget of a handler sees.
  bool may_act() { return ++acts_ <= kMostActs; }
  void begin_check() { acts_ = 0; }
  static constexpr std::uint64_t kMostActs = 300'000;

 private:
  std::uint32_t nodes_ = 0;
  std::uint64_t acts_ = 0;
};

// The code in this process, its nodes spoken to by messages, as over a pipe: for a lab's own author, and for who checks
// work of his own.
std::shared_ptr<StudentPort> make_local_port();
// The same, with nodes that are isolates of the world itself: for tests, which compare the two.
std::shared_ptr<StudentPort> make_direct_port();

// Makes the port of each submission that is opened from now on.
using PortMaker = std::function<std::shared_ptr<StudentPort>()>;
void set_port_maker(PortMaker maker);

struct Submission {
  std::string name;    // the file's, without folders
  std::string source;
  std::vector<std::string> uses;
  std::shared_ptr<StudentPort> port;
  struct Crash {
    std::string node;
    Instant at;
    std::string text;
  };
  std::vector<Crash> crashes;      // of its nodes, by errors of their own
  std::vector<std::string> nodes;  // their names
};

// Puts the functions that lua/guide/submission.lua is made of into the table on top of the stack, as `submission`.
void install_submission_functions(lua_State* L);

}  // namespace syslab::grade

// Submission: a student's file as a check sees it. The trusted side of student.hpp.
//
// A check loads the file (a module whose functions it calls) or makes nodes of a world from it. The code never runs in
// the check's Lua state, and nothing but requests and their plain values goes over.
#pragma once

#include <cstdint>
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
  // The code as a node of a world.
  virtual NodeFactory node(IsolateOptions options) = 0;
};

std::unique_ptr<StudentPort> make_local_port();

struct Submission {
  std::string name;    // the file's, without folders
  std::string source;
  std::vector<std::string> uses;
  std::unique_ptr<StudentPort> port;
  std::vector<std::string> crashes;  // of its nodes, in words
};

// Puts the functions that lua/guide/submission.lua is made of into the table on top of the stack, as `submission`.
void install_submission_functions(lua_State* L);

}  // namespace syslab::grade

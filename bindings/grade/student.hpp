// Student: the code of a submission, loaded into Lua states of its own, and the requests that a check makes of it.
//
// This is the untrusted side. It answers requests (bytes in, bytes out, see wire.hpp), so it makes no difference to a
// check whether it runs in this process (`syslab lab verify`) or in a sandboxed worker (`syslab grade`). It knows
// nothing of the check but the requests.
//
// Requests                                         answers: 'r' values... | 'e' kind text
//   'S' name source uses...                        the file, once, before anything else
//   'L' instance seed budget memory arguments...   runs the file in a fresh state; what it returns is reference 0
//   'C' instance reference 'f' name | 'v' arguments...   calls the field `name` of an object, or the object itself
//   'G' instance reference name                    reads a field
//   'O' instance                                   what the code has printed, at most 16 KiB
//   'D' instance                                   ends it
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace syslab::grade {

// Why a request was not answered by a value.
enum class Trouble : char {
  error = 'x',   // the code raised an error, or does not compile
  budget = 'b',  // its instructions are used up
  memory = 'm',  // its memory is
  gone = 'g',    // the worker died or was killed
  time = 't',    // it took longer than it may
};

class Instance;
class NodeHost;

class Student {
 public:
  // Asks the check to run one of its functions: number and arguments in, an answer out.
  using CallBack = std::function<std::string(std::string_view)>;

  Student();
  ~Student();
  // Throws WireError for a request that no check makes.
  std::string answer(std::string_view request, const CallBack& call_back);

 private:
  std::string name_;
  std::string source_;
  std::vector<std::string> uses_;
  std::map<std::uint32_t, std::unique_ptr<Instance>> instances_;
  std::map<std::uint32_t, std::unique_ptr<NodeHost>> nodes_;
};

std::string trouble(Trouble kind, std::string_view text);

}  // namespace syslab::grade

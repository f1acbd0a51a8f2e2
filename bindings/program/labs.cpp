#include "bindings/program/labs.hpp"

#include <algorithm>
#include <filesystem>

#include "bindings/host/lua_host.hpp"

namespace syslab::program {

std::vector<std::string> lab_names() {
  namespace fs = std::filesystem;
  std::vector<std::string> names;
  const fs::path root = LuaHost::data_folder() + "/labs";
  std::error_code error;
  fs::recursive_directory_iterator at(root, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (at->path().filename() == "lab.lua") names.push_back(at->path().parent_path().lexically_relative(root).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace syslab::program

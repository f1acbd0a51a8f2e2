// The history file of the prompt: what was typed, oldest first, multi-line entries whole.
//
// Each entry is a line `#<seconds since 1970>` followed by the entry's lines, which is the format GNU history writes
// with time stamps. The file is private (0600) and appended to before a command runs, so that a crash keeps it; two
// prompts may append at once.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace syslab::program {

class History {
 public:
  static constexpr std::size_t kEntriesMax = 10000;

  // Reads `path`; a missing file is an empty history and an empty path one that is kept in memory only. A file that
  // has grown far beyond kEntriesMax is cut down to its newest entries.
  explicit History(std::string path);

  // Appends unless the entry is blank, starts with a space, or repeats the newest one. Returns whether it was kept.
  bool add(std::string_view entry);

  const std::vector<std::string>& entries() const { return entries_; }

  // $SYSLAB_HISTORY, else history in the state folder.
  static std::string default_path();

 private:
  void load();
  void rewrite() const;

  std::string path_;
  std::vector<std::string> entries_;
};

}  // namespace syslab::program

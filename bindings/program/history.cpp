#include "bindings/program/history.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "bindings/program/terminal.hpp"

namespace syslab::program {
namespace {

bool is_stamp(std::string_view line) {
  if (line.size() < 2 || line[0] != '#') return false;
  for (const char c : line.substr(1)) {
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) return false;
  }
  return true;
}

// A line of an entry that looks like a stamp gets a space in front, which Lua does not mind.
std::string encode(std::string_view entry) {
  std::string text = fmt::format("#{}\n", static_cast<long long>(std::time(nullptr)));
  while (true) {
    const std::size_t end = entry.find('\n');
    const std::string_view line = entry.substr(0, end);
    if (is_stamp(line)) text += ' ';
    text.append(line);
    text += '\n';
    if (end == std::string_view::npos) return text;
    entry.remove_prefix(end + 1);
  }
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

History::History(std::string path) : path_(std::move(path)) { load(); }

std::string History::default_path() {
  const char* path = std::getenv("SYSLAB_HISTORY");
  if (path != nullptr) return path;
  return state_path("history");
}

void History::load() {
  std::error_code ignored;
  if (path_.empty() || !std::filesystem::is_regular_file(path_, ignored)) return;
  std::ifstream file(path_);
  std::string line;
  bool fresh = true;  // the next line begins an entry
  while (std::getline(file, line)) {
    if (is_stamp(line)) {
      fresh = true;
    } else if (fresh) {
      entries_.push_back(line);
      fresh = false;
    } else {
      entries_.back() += '\n';
      entries_.back() += line;
    }
  }
  if (entries_.size() <= kEntriesMax) return;
  const bool far_beyond = entries_.size() > kEntriesMax + kEntriesMax / 10;
  entries_.erase(entries_.begin(), entries_.end() - static_cast<std::ptrdiff_t>(kEntriesMax));
  if (far_beyond) rewrite();
}

bool History::add(std::string_view entry) {
  if (entry.find_first_not_of(" \t\r\n") == std::string_view::npos || entry.front() == ' ') return false;
  if (!entries_.empty() && entries_.back() == entry) return false;
  entries_.emplace_back(entry);
  if (path_.empty()) return true;
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), ignored);
  const int fd = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return true;  // an unwritable history is no reason to stop anybody
  write_all(fd, encode(entry));
  close(fd);
  return true;
}

void History::rewrite() const {
  const std::string temporary = path_ + ".new";
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return;
  std::string text;
  for (const std::string& entry : entries_) text += encode(entry);
  write_all(fd, text);
  close(fd);
  std::error_code ignored;
  std::filesystem::rename(temporary, path_, ignored);
}

}  // namespace syslab::program

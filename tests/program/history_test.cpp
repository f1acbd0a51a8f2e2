#include "bindings/program/history.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using syslab::program::History;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/syslab-history-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

}  // namespace

TEST_CASE("history: entries of several lines come back whole", "[program][history]") {
  const Folder folder;
  const std::string path = folder.path + "/deep/er/history";
  {
    History history(path);
    CHECK(history.add("first"));
    CHECK(history.add("function f()\n\n#12\nend"));
  }
  const History again(path);
  REQUIRE(again.entries().size() == 2);
  CHECK(again.entries()[0] == "first");
  CHECK(again.entries()[1] == "function f()\n\n #12\nend");  // a line like a time stamp is moved by a space
  struct stat info {};
  REQUIRE(stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("history: blanks, secrets and repetitions are not kept", "[program][history]") {
  History history("");
  CHECK_FALSE(history.add(" \n\t"));
  CHECK_FALSE(history.add(" secret"));
  CHECK(history.add("a"));
  CHECK_FALSE(history.add("a"));
  CHECK(history.add("b"));
  CHECK(history.add("a"));
  CHECK(history.entries().size() == 3);
}

TEST_CASE("history: two prompts may append to one file", "[program][history]") {
  const Folder folder;
  History one(folder.path + "/history");
  History two(folder.path + "/history");
  one.add("1");
  two.add("2");
  one.add("3");
  CHECK(History(folder.path + "/history").entries() == std::vector<std::string>{"1", "2", "3"});
}

TEST_CASE("history: a file that grew too long is cut to its newest entries", "[program][history]") {
  const Folder folder;
  const std::string path = folder.path + "/history";
  {
    std::ofstream file(path);
    for (int i = 0; i < 12000; ++i) file << "#1\nentry " << i << "\n";
  }
  const History history(path);
  REQUIRE(history.entries().size() == History::kEntriesMax);
  CHECK(history.entries().front() == "entry 2000");
  CHECK(History(path).entries().front() == "entry 2000");
  CHECK(std::filesystem::file_size(path) < 250000);
}

TEST_CASE("history: an unwritable place is no error", "[program][history]") {
  History history("/proc/no/such/place/history");
  CHECK(history.add("a"));
  CHECK(history.entries().size() == 1);
}

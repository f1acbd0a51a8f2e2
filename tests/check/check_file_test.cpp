#include "core/check/check_file.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/recorded.hpp"

using namespace syslab;
using Catch::Matchers::Contains;

TEST_CASE("check: a file is judged with the documented exit codes", "[check]") {
  const auto folder = std::filesystem::temp_directory_path() / ("syslab_check_" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  const auto exit_code = [&](const std::string& text, const char* model = "register",
                             CheckOptions options = {}) {
    const std::string path = (folder / "history.jsonl").string();
    std::ofstream(path) << text;
    const CheckReport report = check_file(model, path, options);
    CHECK(report.text.ends_with('\n'));
    return report.exit_code;
  };
  const std::string write =
      "{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":1}\n{\"process\":0,\"type\":\"ok\",\"f\":"
      "\"write\"}\n"
      "{\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n";
  CHECK(exit_code(write + "{\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":1}\n") == 0);
  CHECK(exit_code(write + "{\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":2}\n") == 1);
  CHECK(exit_code("nonsense") == 2);
  CHECK(exit_code("") == 2);
  CHECK(exit_code(write, "registre") == 2);
  CHECK(exit_code("{\"process\":0,\"type\":\"invoke\",\"f\":\"push\"}") == 2);
  CheckOptions none;
  none.search.steps_max = 0;
  CHECK(exit_code(write, "register", none) == 3);
  CHECK(exit_code(write + "{\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":1}\n", "sequential") == 0);
  CHECK(exit_code(write + "{\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":2}\n", "sequential") == 1);
  CHECK(exit_code(write + "{\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":1}\n", "sequential",
                  none) == 3);
  std::filesystem::remove_all(folder);
  CHECK(check_file("register", "/nonexistent").exit_code == 2);
}

TEST_CASE("check: the dialects, and garbage by its line", "[check]") {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("syslab_dialect_" + std::to_string(::getpid()))).string();
  const auto check = [&](const char* name, const std::string& text, CheckOptions options = {}) {
    std::ofstream(path) << text;
    return check_file(name, path, options);
  };
  const auto log = [](const std::string& line) { return "INFO  jepsen.util - " + line + "\n"; };
  // A failed compare-and-set has seen another value; what is not answered stays pending for ever.
  const std::string one = log("0\t:invoke\t:write\t1") + log("0\t:ok\t:write\t1");
  const std::string cas = log("1\t:invoke\t:cas\t[1 2]");
  CHECK(check("register", one + cas + log("1\t:fail\t:cas\t[1 2]")).exit_code == 1);
  CHECK(check("register", one + log("1\t:invoke\t:cas\t[3 2]") + log("1\t:fail\t:cas\t[3 2]")).exit_code ==
        0);
  const std::string read = log("2\t:invoke\t:read\tnil");
  CHECK(check("register", one + cas + log("1\t:info\t:cas\t:timed-out") + read + log("2\t:ok\t:read\t1") +
                              read + log("2\t:ok\t:read\t2"))
            .exit_code == 0);
  // EDN maps of a key-value store, as porcupine's.
  const std::string kv =
      "{:process 0, :type :invoke, :f :append, :key \"3\", :value \"x\"}\n{:process 1, :type :invoke, :f "
      ":get, :key "
      "\"3\", :value nil}\n{:process 0, :type :ok, :f :append, :key \"3\", :value \"x\"}\n";
  const auto got = [](const char* value) {
    return std::string("{:process 1, :type :ok, :f :get, :key \"3\", :value \"") + value + "\"}\n";
  };
  CHECK(check("kv", kv + got("")).exit_code == 0);
  CHECK(check("kv", kv + got("x")).exit_code == 0);
  CHECK(check("kv", kv + got("y")).exit_code == 1);
  const auto garbage = check("kv", kv + "{:process 1, :type :ok\n");
  CHECK(garbage.exit_code == 2);
  CHECK_THAT(garbage.text, Contains("line 4"));
  CHECK_THAT(check("registers", kv).text,
             Contains("did you mean 'register'?") && Contains("txn-list-append"));
  CheckOptions level;
  level.level = "serialisable";
  CHECK_THAT(check("txn-list-append", "{:process 1 :type :invoke :f :txn :value []}", level).text,
             Contains("did you mean 'serializable'?"));
  std::filesystem::remove(path);
}

TEST_CASE("check: three recorded etcd histories get their known verdicts", "[check]") {
  const std::filesystem::path data = test::recorded("histories");
  if (data.empty()) return;
  const auto report = check_file("register", (data / "etcd_000.log").string());
  CHECK(report.exit_code == 1);
  CHECK_THAT(report.text, Contains("process 11: read 2 (lines 85 and 86)"));
  CHECK(report.verdict->history.ops().size() == 3);
  CHECK(check_file("register", (data / "etcd_002.log").string()).exit_code == 0);
  CHECK(check_file("register", (data / "etcd_007.log").string()).exit_code == 0);
}

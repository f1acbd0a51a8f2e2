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

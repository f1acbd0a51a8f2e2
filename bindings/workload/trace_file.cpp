#include "core/workload/trace_file.hpp"

#include <fmt/format.h>

#include "bindings/workload/workload.hpp"

namespace syslab {
namespace {

// A column by its name or by its number.
CsvColumn column(lua_State* L, const Arguments& a, const char* option) {
  const int index = a.index_of(option);
  if (lua_type(L, index) == LUA_TSTRING) return {a.string(option), 0};
  const double number = lua_type(L, index) == LUA_TNUMBER ? lua_tonumber(L, index) : 0;
  if (!(number >= 1 && number <= 10000 && number == static_cast<double>(static_cast<int>(number)))) {
    a.reject(option,
             fmt::format("expected the name or the number of a column, got {}", describe_argument(L, index)));
  }
  return {{}, static_cast<std::size_t>(number)};
}

const Component trace_file{{
    .name = "workload.trace_file",
    .summary = "A recorded trace from a file, read in constant memory: 'text' (one id a line), 'csv', or "
               "libCacheSim's "
               "binary 'oracle_general'. Ids that are no whole numbers are hashed.",
    .params = {string("path", "the file"),
               choice("format", {"text", "csv", "oracle_general"}, "what it holds").optional("text"),
               any("id", "csv: the column of the id, its name or its number").optional("1"),
               any("size", "csv: the column of the size in bytes").optional("none: all requests weigh 1"),
               any("time", "csv: the column of the time").optional("none"),
               duration("time_unit", "csv: the seconds that one unit of the time column stands for")
                   .above(0)
                   .optional("1"),
               string("separator", "csv: the character between columns").optional(","),
               boolean("header", "csv: whether the first line names the columns")
                   .optional("true if a column is given by name")},
    .returns = "RequestTrace",
    .cost = "constant memory; about 100 MB/s for text",
    .example = R"(local trace, err = pcall(lab.workload.trace_file, { path = "no/such/file" })
return not trace and err:find("no/such/file") ~= nil)",
    .make =
        [](lua_State* L, Arguments& a) {
          using Format = TraceFileOptions::Format;
          TraceFileOptions options{.path = a.string("path")};
          const std::string format = a.string("format", "text");
          options.format = format == "csv"    ? Format::csv
                           : format == "text" ? Format::text
                                              : Format::oracle_general;
          for (const char* option : {"id", "size", "time", "time_unit", "separator", "header"}) {
            if (options.format != Format::csv && a.has(option))
              a.reject(option, fmt::format("only for format 'csv', not '{}'", format));
          }
          if (a.has("id")) options.id = column(L, a, "id");
          if (a.has("size")) options.size = column(L, a, "size");
          if (a.has("time")) options.time = column(L, a, "time");
          options.time_unit = a.number("time_unit", 1);
          const std::string separator = a.string("separator", ",");
          if (separator.size() != 1 || separator == "\"" || separator == "\n")
            a.reject("separator", "expected one character, such as ',' or ';'");
          options.separator = separator[0];
          options.header = a.boolean("header", false);
          Expected<std::unique_ptr<RequestTrace>> trace = open_trace_file(options);
          if (!trace) throw ScriptError(trace.error().message);
          return push(L, std::move(*trace));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab

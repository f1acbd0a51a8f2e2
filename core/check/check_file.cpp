#include "core/check/check_file.hpp"

#include "core/check/model.hpp"
#include "core/observe/history.hpp"

namespace syslab {

CheckReport check_file(std::string_view model_name, const std::string& path,
                       const LinearizableOptions& options) {
  const auto refuse = [](const Error& error) {
    return CheckReport{2, "syslab check: " + error.message + "\n", {}};
  };
  const auto model = model_named(model_name);
  if (!model) return refuse(model.error());
  const auto history = History::load(path);
  if (!history) return refuse(history.error());
  auto verdict = check_linearizable(*history, **model, options);
  if (!verdict) return refuse(make_error("unknown", path + ": " + verdict.error().message));

  constexpr int kExitCodes[] = {0, 1, 3};
  CheckReport report;
  report.exit_code = kExitCodes[static_cast<std::size_t>(verdict->outcome)];
  report.text = to_text(*verdict) + "\n";
  report.verdict = std::move(*verdict);
  return report;
}

}  // namespace syslab

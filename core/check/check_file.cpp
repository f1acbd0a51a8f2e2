#include "core/check/check_file.hpp"

#include <algorithm>

#include "core/base/nearest.hpp"
#include "core/check/model.hpp"
#include "core/observe/history.hpp"

namespace syslab {
namespace {

Error no_such(std::string_view name) {
  std::vector<std::string> names;
  for (const Model* model : models()) names.emplace_back(model->name());
  for (const Judge& judge : judges()) names.emplace_back(judge.name);
  std::sort(names.begin(), names.end());
  std::string all;
  for (const std::string& one : names) all += (all.empty() ? "" : ", ") + one;
  return make_error("not_found", "no model '" + std::string(name.substr(0, 100)) + "'" +
                                     did_you_mean(name, names) + "; there are " + all);
}

}  // namespace

CheckReport check_file(std::string_view name, const std::string& path, const CheckOptions& options) {
  const auto refuse = [](const Error& error) {
    return CheckReport{2, "syslab check: " + error.message + "\n", {}, {}};
  };
  const auto model = model_named(name);
  const auto judge =
      std::find_if(judges().begin(), judges().end(), [&](const Judge& j) { return j.name == name; });
  if (!model && judge == judges().end()) return refuse(no_such(name));
  const auto history = History::load(path);
  if (!history) return refuse(history.error());

  constexpr int kExitCodes[] = {0, 1, 3};
  CheckReport report;
  Outcome outcome = Outcome::unknown;
  if (model) {
    auto verdict = check_linearizable(*history, **model, options.search);
    if (!verdict) return refuse(make_error("unknown", path + ": " + verdict.error().message));
    outcome = verdict->outcome;
    report.text = to_text(*verdict) + "\n";
    report.verdict = std::move(*verdict);
  } else {
    auto judgement = judge->judge(*history, options);
    if (!judgement) return refuse(make_error("unknown", path + ": " + judgement.error().message));
    outcome = judgement->outcome;
    report.text = to_text(*judgement) + "\n";
    report.judgement = std::move(*judgement);
  }
  report.exit_code = kExitCodes[static_cast<std::size_t>(outcome)];
  return report;
}

}  // namespace syslab

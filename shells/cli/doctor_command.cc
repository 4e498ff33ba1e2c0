// doctor: looks at everything that commonly keeps folders from being synchronised, one line each.
#include <CLI/CLI.hpp>
#include <ctime>
#include <memory>
#include <string>
#include <utility>

#include "shells/cli/checkup.h"
#include "shells/cli/command_line.h"

namespace kinfolder {
namespace {

using nlohmann::json;

std::string LineOf(const Finding& finding) {
  const char* const mark = finding.level == FindingLevel::kGood   ? "ok      "
                           : finding.level == FindingLevel::kNote ? "note    "
                                                                  : "problem ";
  const char* const colour = finding.level == FindingLevel::kGood   ? "32"
                             : finding.level == FindingLevel::kNote ? "33"
                                                                    : "31";
  return Styled(mark, colour) + finding.text + "\n";
}

int RunDoctor(const CommandLine& line, bool moved) {
  const std::vector<Finding> findings = moved ? AcceptMoved(line.state) : CheckUp(line.state);
  json list = json::array();
  bool problems = false;
  for (const Finding& finding : findings) {
    problems = problems || finding.level == FindingLevel::kProblem;
    if (!line.json) Print(LineOf(finding));
    list.push_back({{"level", finding.level == FindingLevel::kGood   ? "ok"
                              : finding.level == FindingLevel::kNote ? "note"
                                                                     : "problem"},
                    {"what", finding.what},
                    {"text", finding.text}});
  }
  if (line.json) PrintJson({{"findings", std::move(list)}, {"healthy", !problems}});
  return problems ? kExitFailed : kExitDone;
}

}  // namespace

void AddDoctorCommand(CLI::App& app, CommandLine& line) {
  CLI::App* const command =
      AddCommand(app, "doctor", "Look for what may keep things from working", "kinfolder doctor");
  auto moved = std::make_shared<bool>(false);
  command->add_flag("--moved", *moved,
                    "the state directory was moved here, and no copy of it is in use");
  command->callback(
      [&line, moved] { line.action = [&line, moved] { return RunDoctor(line, *moved); }; });
}

}  // namespace kinfolder

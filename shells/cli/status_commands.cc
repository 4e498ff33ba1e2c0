// status, sync's report, participants, conflicts, deletes, pause, resume, config: questions to the
// running agent and switches of it.
#include <CLI/CLI.hpp>
#include <ctime>
#include <memory>
#include <string>
#include <utility>

#include "shells/cli/command_line.h"
#include "shells/cli/format.h"
#include "shells/cli/status_text.h"

namespace kinfolder {
namespace {

using nlohmann::json;

int RunStatus(const CommandLine& line, const std::string& folder) {
  const Result<json> status = AskAgent(line, {{"command", "status"}, {"folder", folder}});
  if (!status.ok()) return Fail(status.error());
  if (line.json) {
    PrintJson(status.value());
  } else {
    Print(StatusText(status.value(), std::time(nullptr)));
  }
  return kExitDone;
}

// Redraws on a terminal; else a line for each change.
int WatchStatus(const CommandLine& line, const std::string& folder) {
  Result<ControlClient> client = ConnectAgent(line);
  if (!client.ok()) return Fail(client.error());
  std::string last;
  const Status done = client.value().Stream(
      {{"command", "watch-status"}, {"folder", folder}}, [&](const json& status) {
        if (line.json) {
          PrintJson(status, /*stream=*/true);
        } else if (IsTerminal()) {
          Print("\x1b[H\x1b[J" + StatusText(status, std::time(nullptr)) +
                "\n(Ctrl-C ends the watch; the agent goes on)\n");
        } else if (std::string text = StatusLines(status); text != last) {
          Print(text);
          last = std::move(text);
        }
        return true;
      });
  return done.ok() ? kExitDone : Fail(done.error());
}

int RunParticipants(const CommandLine& line, const std::string& folder) {
  const Result<json> answer = AskAgent(line, {{"command", "participants"}, {"folder", folder}});
  if (!answer.ok()) return Fail(answer.error());
  if (line.json) {
    PrintJson(answer.value());
    return kExitDone;
  }
  for (const json& each : ListOf(answer.value(), "participants")) {
    std::string text = Styled(TextOf(each, "name"));
    if (each.value("self", false)) text += "  this machine";
    if (each.value("admin", false)) text += "  admin";
    if (each.value("read_only", false)) text += "  read-only";
    if (each.value("peer", false)) text += "  peer (magic-folder)";
    if (each.value("retired", false)) text += "  retired";
    const std::string reason = TextOf(each, "reason");
    if (!reason.empty() && reason != "none") text += "  (" + reason + ")";
    Print(text + "\n");
  }
  return kExitDone;
}

int RunConflicts(const CommandLine& line, const std::string& folder) {
  const Result<json> answer = AskAgent(line, {{"command", "conflicts"}, {"folder", folder}});
  if (!answer.ok()) return Fail(answer.error());
  if (line.json) {
    PrintJson(answer.value());
    return kExitDone;
  }
  std::size_t count = 0;
  for (const json& each : ListOf(answer.value(), "folders")) {
    const std::string root = TextOf(each, "root");
    for (const json& conflict : ListOf(each, "conflicts")) {
      ++count;
      Print(Styled(root + "/" + TextOf(conflict, "path")) + "\n" + TheirsText(conflict, "  "));
    }
  }
  if (count == 0) {
    Print("No conflicts.\n");
  } else {
    Print("Settle each with: kinfolder resolve PATH --mine, --theirs=WHO or --file FILE\n");
  }
  return kExitDone;
}

struct DeletesArguments {
  std::string folder;
  bool approve = false;
  bool undo = false;
};

int RunDeletes(const CommandLine& line, const DeletesArguments& given) {
  if (given.approve || given.undo) {
    const Result<json> done = AskAgent(
        line,
        {{"command", "decide-deletes"}, {"folder", given.folder}, {"approve", given.approve}});
    if (!done.ok()) return Fail(done.error());
    if (line.json) PrintJson(done.value());
    return kExitDone;
  }
  const Result<json> held = AskAgent(line, {{"command", "held-deletes"}, {"folder", given.folder}});
  if (!held.ok()) return Fail(held.error());
  if (line.json) {
    PrintJson(held.value());
    return kExitDone;
  }
  const json list = ListOf(held.value(), "held");
  for (const json& path : list) Print((path.is_string() ? path.get<std::string>() : "") + "\n");
  Print(list.empty() ? "No deletes are held.\n"
                     : "Let them happen with --approve, or bring the files back with --undo.\n");
  return kExitDone;
}

int RunSimple(const CommandLine& line, const json& request) {
  const Result<json> done = AskAgent(line, request);
  if (!done.ok()) return Fail(done.error());
  if (line.json) PrintJson(done.value());
  return kExitDone;
}

struct ConfigArguments {
  std::string folder;
  std::string name;
  std::string value;
};

int RunConfigGet(const CommandLine& line, const ConfigArguments& given) {
  const Result<json> options =
      AskAgent(line, {{"command", "config-get"}, {"folder", given.folder}});
  if (!options.ok()) return Fail(options.error());
  if (!given.name.empty() && !options.value().contains(given.name)) {
    return FailUsage("there is no option '" + given.name + "'; `kinfolder config get " +
                     given.folder + "` lists them");
  }
  if (line.json) {
    PrintJson(given.name.empty() ? options.value() : options.value()[given.name]);
    return kExitDone;
  }
  if (!given.name.empty()) {
    Print(TextOf(options.value(), given.name.c_str()) + "\n");
    return kExitDone;
  }
  for (const auto& [name, value] : options.value().items()) {
    Print(name + " = " + (value.is_string() ? value.get<std::string>() : value.dump()) + "\n");
  }
  return kExitDone;
}

void AddConfig(CLI::App& app, CommandLine& line) {
  CLI::App* const config = AddCommand(app, "config", "Show or change a folder's options",
                                      "kinfolder config set docs scan-interval 10m");
  config->require_subcommand(1);
  auto given = std::make_shared<ConfigArguments>();
  CLI::App* const get =
      AddCommand(*config, "get", "Show the options", "kinfolder config get docs history");
  get->add_option("NAME", given->folder, "the folder")->required();
  get->add_option("KEY", given->name, "one option only");
  get->callback(
      [&line, given] { line.action = [&line, given] { return RunConfigGet(line, *given); }; });
  CLI::App* const set = AddCommand(*config, "set", "Change an option; an empty value sets it back",
                                   "kinfolder config set docs poll-interval 5m");
  set->add_option("NAME", given->folder, "the folder")->required();
  set->add_option("KEY", given->name, "the option")->required();
  set->add_option("VALUE", given->value, "its new value")->required();
  set->callback([&line, given] {
    line.action = [&line, given] {
      return RunSimple(line, {{"command", "config-set"},
                              {"folder", given->folder},
                              {"name", given->name},
                              {"value", given->value}});
    };
  });
}

void AddWithFolder(CLI::App& app, CommandLine& line, const char* name, const char* description,
                   bool required, int (*run)(const CommandLine&, const std::string&)) {
  CLI::App* const command =
      AddCommand(app, name, description, std::string("kinfolder ") + name + " docs");
  auto folder = std::make_shared<std::string>();
  command->add_option("NAME", *folder, "the folder")->required(required);
  command->callback(
      [&line, folder, run] { line.action = [&line, folder, run] { return run(line, *folder); }; });
}

}  // namespace

void AddStatusCommands(CLI::App& app, CommandLine& line) {
  CLI::App* const status =
      AddCommand(app, "status", "Say what is in sync, and why not", "kinfolder status --watch");
  auto folder = std::make_shared<std::string>();
  auto watch = std::make_shared<bool>(false);
  status->add_option("NAME", *folder, "one folder only");
  status->add_flag("--watch", *watch, "show each change until Ctrl-C");
  status->callback([&line, folder, watch] {
    line.action = [&line, folder, watch] {
      return *watch ? WatchStatus(line, *folder) : RunStatus(line, *folder);
    };
  });
  AddWithFolder(app, line, "participants", "List who takes part in a folder", true,
                &RunParticipants);
  AddWithFolder(app, line, "conflicts", "List the conflicts that wait for a decision", false,
                &RunConflicts);
  AddWithFolder(app, line, "pause", "Stop synchronising a folder for now", true,
                [](const CommandLine& common, const std::string& name) {
                  return RunSimple(common, {{"command", "pause"}, {"folder", name}});
                });
  AddWithFolder(app, line, "resume", "Go on synchronising a paused folder", true,
                [](const CommandLine& common, const std::string& name) {
                  return RunSimple(common, {{"command", "resume"}, {"folder", name}});
                });
  CLI::App* const deletes =
      AddCommand(app, "deletes", "Show or decide the deletes that were held because they are many",
                 "kinfolder deletes docs --approve");
  auto given = std::make_shared<DeletesArguments>();
  deletes->add_option("NAME", given->folder, "the folder")->required();
  CLI::Option* const approve =
      deletes->add_flag("--approve", given->approve, "the files are to go everywhere");
  deletes->add_flag("--undo", given->undo, "the files come back")->excludes(approve);
  deletes->callback(
      [&line, given] { line.action = [&line, given] { return RunDeletes(line, *given); }; });
  AddConfig(app, line);
}

}  // namespace kinfolder

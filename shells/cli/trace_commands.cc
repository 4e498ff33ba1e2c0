// trace save: what the agent recorded of its core's steps. replay: the steps once more, compared.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "core/trace/replay.h"
#include "shells/cli/command_line.h"
#include "shells/cli/format.h"
#include "shells/posix/fd.h"
#include "shells/setup/durable_file.h"

namespace kinfolder {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxTraceBytes = std::size_t{4} << 30;

struct SaveArguments {
  std::string file;
  std::string folder;
};

// The name of the only folder.
Result<std::string> OnlyFolder(const CommandLine& line) {
  const Result<StateDir> state = StateDir::Open(line.state);
  if (!state.ok()) return state.error();
  const Result<std::vector<FolderSetup>> records = state.value().Folders();
  if (!records.ok()) return records.error();
  if (records.value().size() == 1) return records.value().front().name;
  return MakeError(ErrorKind::kInvalid, records.value().empty()
                                            ? "there is no folder whose trace could be saved"
                                            : "there are several folders; say which with --folder");
}

int RunSave(const CommandLine& line, const SaveArguments& given) {
  std::string folder = given.folder;
  if (folder.empty()) {
    const Result<std::string> only = OnlyFolder(line);
    if (!only.ok()) return Fail(only.error());
    folder = only.value();
  }
  const Fd file(RetryEintr(
      [&] { return ::open(given.file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600); }));
  if (!file.ok()) return Fail(ErrnoError(errno, "can't write " + given.file));
  const Result<json> saved =
      AskAgent(line, {{"command", "save-trace"}, {"folder", folder}}, file.get());
  if (!saved.ok()) {
    ::unlink(given.file.c_str());
    return Fail(saved.error());
  }
  if (line.json) {
    PrintJson(saved.value());
  } else {
    Print("Written: " + given.file + ", " +
          HumanBytes(static_cast<std::uint64_t>(NumberOf(saved.value(), "bytes"))) +
          ". It holds no names, contents or keys.\n");
  }
  return kExitDone;
}

struct ReplayArguments {
  std::string file;
  std::uint64_t until = 0;
  bool show = false;
  CLI::Option* until_option = nullptr;
};

json StepJson(const ReplayStep& step) {
  return {{"step", step.number},
          {"offset", step.offset},
          {"event", EventName(*step.event)},
          {"effects", step.reaction->effects.size()},
          {"writes", step.reaction->writes.size()},
          {"chain", step.chain}};
}

std::string StepText(const ReplayStep& step) {
  return std::to_string(step.number) + "  " + std::string(EventName(*step.event)) + "  -> " +
         Count(step.reaction->writes.size(), "write", "writes") + ", " +
         Count(step.reaction->effects.size(), "effect", "effects") + "\n";
}

std::string ResultText(const ReplayResult& result) {
  std::string text = Count(result.steps, "step", "steps") + " in " +
                     Count(result.segments, "segment", "segments") + ": ";
  if (result.matches) {
    text += "all as recorded.\n";
  } else {
    text += "differs from step " + std::to_string(result.first_difference) + " (" + result.event +
            ") on.\n";
    for (const std::string& difference : result.differing) text += "  " + difference + "\n";
  }
  if (result.damage) text += "The trace ends early: " + result.damage->text + "\n";
  return text;
}

json ResultJson(const ReplayResult& result) {
  json object = {{"steps", result.steps},
                 {"segments", result.segments},
                 {"matches", result.matches},
                 {"differing", result.differing}};
  if (!result.matches) object["first_difference"] = result.first_difference;
  if (!result.matches) object["event"] = result.event;
  if (result.damage) object["damage"] = result.damage->text;
  return object;
}

int RunReplay(const CommandLine& line, const ReplayArguments& given) {
  const Result<std::string> trace = ReadSmallFile(given.file, kMaxTraceBytes);
  if (!trace.ok()) return Fail(trace.error());
  ReplayOptions options;
  if (given.until_option->count() > 0) options.until = given.until;
  if (given.show) {
    options.on_step = [&line](const ReplayStep& step) {
      if (line.json) {
        PrintJson(StepJson(step), /*stream=*/true);
      } else {
        Print(StepText(step));
      }
    };
  }
  const Result<ReplayResult> replayed = Replay(trace.value(), options);
  if (!replayed.ok()) {
    Fail(MakeError(replayed.error().kind, given.file + ": " + replayed.error().text));
    return kExitUsage;
  }
  const ReplayResult& result = replayed.value();
  if (line.json) {
    PrintJson(ResultJson(result), /*stream=*/given.show);
  } else {
    Print(ResultText(result));
  }
  if (!result.matches) return kExitFailed;
  return result.damage ? kExitUsage : kExitDone;
}

}  // namespace

void AddTraceCommands(CLI::App& app, CommandLine& line) {
  CLI::App* const trace = AddCommand(app, "trace", "Save what the agent recorded of its decisions",
                                     "kinfolder trace save problem.kftrace");
  trace->require_subcommand(1);
  CLI::App* const save = AddCommand(*trace, "save", "Write the trace of a folder to a new file",
                                    "kinfolder trace save problem.kftrace --folder docs");
  auto given = std::make_shared<SaveArguments>();
  save->add_option("FILE", given->file, "the new file")->required();
  save->add_option("--folder", given->folder, "whose trace; needed if there are several folders");
  save->callback(
      [&line, given] { line.action = [&line, given] { return RunSave(line, *given); }; });

  CLI::App* const replay =
      AddCommand(app, "replay", "Go through a trace again and compare each decision",
                 "kinfolder replay problem.kftrace --show --until 100");
  auto what = std::make_shared<ReplayArguments>();
  replay->add_option("FILE", what->file, "a trace")->required();
  what->until_option = replay->add_option("--until", what->until, "stop after this step");
  replay->add_flag("--show", what->show, "print each step");
  replay->callback(
      [&line, what] { line.action = [&line, what] { return RunReplay(line, *what); }; });
}

}  // namespace kinfolder

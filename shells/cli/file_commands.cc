// resolve, log, cat, restore: about one file. PATH is an ordinary path; PATH@V one of its versions.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "shells/api/path_argument.h"
#include "shells/cli/command_line.h"
#include "shells/cli/format.h"
#include "shells/posix/fd.h"

namespace kinfolder {
namespace {

using nlohmann::json;

struct VersionedPath {
  std::string path;  // absolute
  std::string version;
};

Result<VersionedPath> SplitVersion(const std::string& typed) {
  const std::size_t at = typed.find_last_of('@');
  if (at == std::string::npos || at + 1 == typed.size() ||
      typed.find('/', at) != std::string::npos) {
    return MakeError(ErrorKind::kInvalid,
                     "'" + typed +
                         "' names no version; write PATH@V, where V is 0 (the first), -1 "
                         "(the one before the last), a time or a snapshot of `kinfolder log`");
  }
  const Result<std::string> path = AbsolutePath(typed.substr(0, at));
  if (!path.ok()) return path.error();
  return VersionedPath{path.value(), typed.substr(at + 1)};
}

struct ResolveArguments {
  std::string path;
  std::string theirs;
  std::string file;
  bool mine = false;
  CLI::Option* theirs_option = nullptr;
};

int RunResolve(const CommandLine& line, const ResolveArguments& given) {
  const bool theirs = given.theirs_option->count() > 0;
  const int choices = (given.mine ? 1 : 0) + (theirs ? 1 : 0) + (given.file.empty() ? 0 : 1);
  if (choices != 1) {
    return FailUsage("say what to keep with one of --mine, --theirs[=PARTICIPANT] and --file FILE");
  }
  const Result<std::string> path = AbsolutePath(given.path);
  if (!path.ok()) return Fail(path.error());
  json request = {{"command", "resolve"},
                  {"path", path.value()},
                  {"choice", given.mine ? "mine"
                             : theirs   ? "theirs"
                                        : "file"},
                  {"theirs", given.theirs}};
  Fd file;
  if (!given.file.empty()) {
    file = Fd(RetryEintr([&] { return ::open(given.file.c_str(), O_RDONLY | O_CLOEXEC); }));
    if (!file.ok()) return Fail(ErrnoError(errno, "can't read " + given.file));
  }
  const Result<json> done = AskAgent(line, request, file.get());
  if (!done.ok()) return Fail(done.error());
  if (line.json) {
    PrintJson(done.value());
  } else {
    Print("Settled: " + path.value() + "\n");
  }
  return kExitDone;
}

int RunLog(const CommandLine& line, const std::string& typed) {
  const Result<std::string> path = AbsolutePath(typed);
  if (!path.ok()) return Fail(path.error());
  const Result<json> log = AskAgent(line, {{"command", "log"}, {"path", path.value()}});
  if (!log.ok()) return Fail(log.error());
  if (line.json) {
    PrintJson(log.value());
    return kExitDone;
  }
  for (const json& version : ListOf(log.value(), "versions")) {
    const bool deleted = version.value("deleted", false);
    Print(Styled("@" + std::to_string(NumberOf(version, "index"))) + "  " +
          TextOf(version, "snapshot").substr(0, 12) + "  " + TextOf(version, "created") + "  " +
          TextOf(version, "author") + "  " +
          (deleted ? std::string("deleted")
                   : HumanBytes(static_cast<std::uint64_t>(NumberOf(version, "size")))) +
          (version.value("current", false) ? "  (here now)" : "") +
          (version.value("local", false) ? "  (not sent yet)" : "") + "\n");
  }
  return kExitDone;
}

int RunCat(const CommandLine& line, const std::string& typed) {
  const Result<VersionedPath> what = SplitVersion(typed);
  if (!what.ok()) return FailUsage(what.error().text);
  const Result<json> done = AskAgent(
      line, {{"command", "cat"}, {"path", what.value().path}, {"version", what.value().version}},
      STDOUT_FILENO);
  return done.ok() ? kExitDone : Fail(done.error());
}

// Into a new file beside `target`, that takes its place when it is whole.
int RestoreTo(const CommandLine& line, const VersionedPath& what, const std::string& target) {
  struct stat found = {};
  if (::lstat(target.c_str(), &found) == 0) {
    return Fail(MakeError(ErrorKind::kExists, target + " is there already; give a new name"));
  }
  const Fd file(RetryEintr(
      [&] { return ::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); }));
  if (!file.ok()) return Fail(ErrnoError(errno, "can't write " + target));
  const Result<json> done = AskAgent(
      line, {{"command", "cat"}, {"path", what.path}, {"version", what.version}}, file.get());
  const bool durable = done.ok() && ::fsync(file.get()) == 0;
  if (!durable) {
    const Error error = done.ok() ? ErrnoError(errno, "can't write " + target) : done.error();
    ::unlink(target.c_str());
    return Fail(error);
  }
  if (line.json) {
    PrintJson(done.value());
  } else {
    Print("Written: " + target + "\n");
  }
  return kExitDone;
}

int RunRestore(const CommandLine& line, const std::string& typed, const std::string& target) {
  const Result<VersionedPath> what = SplitVersion(typed);
  if (!what.ok()) return FailUsage(what.error().text);
  if (!target.empty()) return RestoreTo(line, what.value(), target);
  const Result<json> done = AskAgent(
      line,
      {{"command", "restore"}, {"path", what.value().path}, {"version", what.value().version}});
  if (!done.ok()) return Fail(done.error());
  if (line.json) {
    PrintJson(done.value());
  } else {
    Print("Restored as the newest version: " + what.value().path + "\n");
  }
  return kExitDone;
}

void AddResolve(CLI::App& app, CommandLine& line) {
  CLI::App* const command =
      AddCommand(app, "resolve", "Settle a conflict", "kinfolder resolve notes.txt --theirs=ben");
  auto given = std::make_shared<ResolveArguments>();
  command->add_option("PATH", given->path, "the file in conflict (not its copy)")->required();
  command->add_flag("--mine", given->mine, "keep the file as it is here");
  given->theirs_option =
      command->add_option("--theirs", given->theirs, "take the other one, or this participant's")
          ->expected(0, 1);
  command->add_option("--file", given->file, "take this file's content");
  command->callback(
      [&line, given] { line.action = [&line, given] { return RunResolve(line, *given); }; });
}

}  // namespace

void AddFileCommands(CLI::App& app, CommandLine& line) {
  AddResolve(app, line);
  auto path = std::make_shared<std::string>();
  CLI::App* const log =
      AddCommand(app, "log", "List a file's versions, oldest first", "kinfolder log notes.txt");
  log->add_option("PATH", *path, "the file; it may be deleted")->required();
  log->callback([&line, path] { line.action = [&line, path] { return RunLog(line, *path); }; });
  CLI::App* const cat =
      AddCommand(app, "cat", "Print a version of a file", "kinfolder cat notes.txt@-1");
  cat->add_option("PATH@V", *path, "the file and which version")->required();
  cat->callback([&line, path] { line.action = [&line, path] { return RunCat(line, *path); }; });
  CLI::App* const restore =
      AddCommand(app, "restore", "Make an old version of a file the newest one",
                 "kinfolder restore notes.txt@0 --to notes.old.txt");
  auto target = std::make_shared<std::string>();
  restore->add_option("PATH@V", *path, "the file and which version")->required();
  restore->add_option("--to", *target, "write it into this new file instead");
  restore->callback([&line, path, target] {
    line.action = [&line, path, target] { return RunRestore(line, *path, *target); };
  });
}

}  // namespace kinfolder

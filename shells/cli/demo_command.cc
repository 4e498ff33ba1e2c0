// demo: several agents at once on real directories; interactive, or a story that checks itself.
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>

#include "shells/api/path_argument.h"
#include "shells/cli/command_line.h"
#include "shells/cli/demo_story.h"
#include "shells/cli/demo_world.h"
#include "shells/posix/fd.h"

namespace kinfolder {
namespace {

struct DemoArguments {
  std::string directory;
  std::size_t participants = 2;
  bool once = false;
};

Result<std::string> DirectoryFor(const DemoArguments& given) {
  if (!given.directory.empty()) return AbsolutePath(given.directory);
  const char* const temporary = ::getenv("TMPDIR");
  std::string pattern =
      std::string(temporary != nullptr && temporary[0] == '/' ? temporary : "/tmp") +
      "/kinfolder-demo-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return ErrnoError(errno, "can't make " + pattern);
  return pattern;
}

int RunDemo(const CommandLine& line, const DemoArguments& given) {
  const Result<std::string> directory = DirectoryFor(given);
  if (!directory.ok()) return Fail(directory.error());
  Result<DemoWorld> world = DemoWorld::Make(line.program, directory.value(), given.participants);
  if (!world.ok()) return Fail(world.error());
  for (DemoParticipant& participant : world.value().participants()) {
    const Status started = world.value().StartAgent(participant);
    if (!started.ok()) return Fail(started.error());
  }
  const Status told =
      given.once ? TellStory(world.value(), line.json) : WatchAndTell(world.value());
  if (!told.ok()) {
    ::fprintf(stderr, "Everything is still in %s\n", world.value().directory().c_str());
    return Fail(told.error());
  }
  return kExitDone;
}

}  // namespace

void AddDemoCommand(CLI::App& app, CommandLine& line) {
  CLI::App* const command =
      AddCommand(app, "demo", "Try it: several agents on this machine, nothing to set up",
                 "kinfolder demo --once");
  auto given = std::make_shared<DemoArguments>();
  command->add_flag("--once", given->once, "do a round of everything, check it and end");
  command->add_option("--dir", given->directory, "where (standard: a new temporary directory)");
  command->add_option("--participants", given->participants, "how many (standard: 2)")
      ->check(CLI::Range(2, 8));
  command->callback(
      [&line, given] { line.action = [&line, given] { return RunDemo(line, *given); }; });
}

}  // namespace kinfolder

// kinfolder: the agent and its commands.
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "shells/cli/command_line.h"
#include "shells/cli/suggest.h"
#include "shells/cli/version.h"

namespace kinfolder {

// Says which, so that it can be reported. Nothing is written after it; a start goes on from there.
void CheckFailed(const char* condition, const char* file, int line) {
  ::fprintf(stderr,
            "kinfolder: a mistake of the program: CHECK(%s) failed at %s:%d; please report it\n",
            condition, file, line);
  ::fflush(stderr);
  __builtin_trap();
}

namespace {

// Where this program is, to be started again.
std::string ProgramPath(const char* name) {
  std::string path(4096, '\0');
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return name;
  path.resize(static_cast<std::size_t>(size));
  return path;
}

void AddEverything(CLI::App& app, CommandLine& line) {
  app.set_help_flag("-h,--help", "Say how a command is used");
  app.set_version_flag("--version", std::string("kinfolder ") + kProgramVersion);
  app.add_option("--state", line.state, "the state directory")->type_name("DIR");
  app.add_flag("--json", line.json, "print data as JSON");
  app.add_flag("-v,--verbose", line.verbose, "say more");
  app.require_subcommand(0, 1);
  AddDemoCommand(app, line);
  AddSetupCommands(app, line);
  AddRunCommands(app, line);
  AddStatusCommands(app, line);
  AddFileCommands(app, line);
  AddDoctorCommand(app, line);
  AddTraceCommands(app, line);
  app.footer("Try it: kinfolder demo\nEach command says more: kinfolder COMMAND --help");
}

// The command that was given, as far as it was understood.
const CLI::App* Chosen(const CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return app;
}

std::vector<std::string> KnownOptions(const CLI::App* app) {
  std::vector<std::string> known;
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
  }
  return known;
}

std::vector<std::string> KnownCommands(const CLI::App* app) {
  std::vector<std::string> known;
  for (const CLI::App* each : app->get_subcommands([](const CLI::App*) { return true; })) {
    known.push_back(each->get_name());
  }
  return known;
}

std::string CommandName(const CLI::App* app) {
  const std::string above = app->get_parent() == nullptr ? "" : CommandName(app->get_parent());
  return above.empty() ? app->get_name() : above + " " + app->get_name();
}

// What was typed and is not known, with what may have been meant.
int UnknownWord(const CLI::App* chosen, const std::string& word) {
  const bool option = word.starts_with("-");
  const std::vector<std::string> commands = KnownCommands(chosen);
  const std::string bare = word.substr(0, word.find('='));
  const std::string near = Nearest(bare, option ? KnownOptions(chosen) : commands);
  std::string text = option              ? "there is no option '" + bare + "'"
                     : !commands.empty() ? "there is no command '" + word + "'"
                                         : "'" + word + "' is one argument too many";
  text += near.empty() ? "; see `" + CommandName(chosen) + " --help`"
                       : "; did you mean '" + near + "'?";
  return FailUsage(text);
}

int UsageError(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* const chosen = Chosen(&app);
  const std::vector<std::string> left = app.remaining(/*recurse=*/true);
  for (const std::string& word : left) {
    if (word != "--") return UnknownWord(chosen, word);
  }
  std::string text = error.what();
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return FailUsage(text + "; see `" + CommandName(chosen) + " --help`");
}

int Main(int argc, char** argv) {
  // A reader that goes away is an error where it is written to, not the end of the program.
  ::signal(SIGPIPE, SIG_IGN);
  CommandLine line;
  line.program = ProgramPath(argv[0]);
  line.state = StateDir::DefaultPath();
  CLI::App app("Keeps folders the same on several machines.", "kinfolder");
  try {
    AddEverything(app, line);
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success) == 0 ? kExitDone : kExitFailed;
  } catch (const CLI::ParseError& error) {
    return UsageError(app, error);
  }
  if (!line.action) {
    Print(app.help());
    return kExitUsage;
  }
  return line.action();
}

}  // namespace
}  // namespace kinfolder

int main(int argc, char** argv) {
  try {
    return kinfolder::Main(argc, argv);
  } catch (const std::exception& error) {
    ::fprintf(stderr, "kinfolder: internal error (%s); please report it\n", error.what());
    return kinfolder::kExitFailed;
  }
}

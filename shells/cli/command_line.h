// CommandLine: what all commands share: the global options, and how they print and fail.
//
// A command is a function that returns the exit code. Results go to standard output; errors go to
// standard error as `kinfolder: what is wrong; what to do`.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "shells/api/control_client.h"
#include "shells/setup/state_dir.h"

namespace CLI {
class App;
}

namespace kinfolder {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitPartly = 3;
inline constexpr int kExitUndecided = 4;

struct CommandLine {
  std::string program;  // how to start this program again
  std::string state;    // the state directory
  bool json = false;
  bool verbose = false;
  std::function<int()> action;  // of the command that was given
};

// Prints the error; returns kExitFailed.
int Fail(const Error& error);
int FailUsage(const std::string& text);

// One document, or one object of a stream, with a line end.
void PrintJson(const nlohmann::json& value, bool stream = false);
void Print(std::string_view text);  // to standard output, at once

// Whether people look at standard output; then colours and redrawing are fine.
bool IsTerminal();
// `text` in bold (or another SGR code) on a terminal, as it is otherwise.
std::string Styled(std::string_view text, std::string_view code = "1");

// To the running agent. kNotFound: no state directory, or no agent; says what to start.
Result<ControlClient> ConnectAgent(const CommandLine& line);
// One request to it.
Result<nlohmann::json> AskAgent(const CommandLine& line, const nlohmann::json& request,
                                int file = -1);

// The members of an answer; what is missing or of another type is empty.
std::string TextOf(const nlohmann::json& object, const char* name);
std::int64_t NumberOf(const nlohmann::json& object, const char* name);
nlohmann::json ListOf(const nlohmann::json& object, const char* name);

// A subcommand that takes the global options, too, and shows `example` in its help.
CLI::App* AddCommand(CLI::App& app, const std::string& name, const std::string& description,
                     const std::string& example);

// Each adds its group of commands.
void AddSetupCommands(CLI::App& app, CommandLine& line);
void AddStatusCommands(CLI::App& app, CommandLine& line);
void AddFileCommands(CLI::App& app, CommandLine& line);
void AddRunCommands(CLI::App& app, CommandLine& line);
void AddDoctorCommand(CLI::App& app, CommandLine& line);
void AddTraceCommands(CLI::App& app, CommandLine& line);
void AddDemoCommand(CLI::App& app, CommandLine& line);

}  // namespace kinfolder

#include "shells/cli/command_line.h"

#include <stdio.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <utility>

namespace kinfolder {

using nlohmann::json;

int Fail(const Error& error) {
  ::fprintf(stderr, "kinfolder: %s\n", error.text.c_str());
  return kExitFailed;
}

int FailUsage(const std::string& text) {
  ::fprintf(stderr, "kinfolder: %s\n", text.c_str());
  return kExitUsage;
}

void PrintJson(const json& value, bool stream) {
  Print(value.dump(stream ? -1 : 2, ' ', false, json::error_handler_t::replace) + "\n");
}

void Print(std::string_view text) {
  ::fwrite(text.data(), 1, text.size(), stdout);
  ::fflush(stdout);
}

bool IsTerminal() { return ::isatty(STDOUT_FILENO) == 1; }

std::string Styled(std::string_view text, std::string_view code) {
  if (!IsTerminal()) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

Result<ControlClient> ConnectAgent(const CommandLine& line) {
  const Result<StateDir> state = StateDir::Open(line.state);
  if (!state.ok()) return state.error();
  Result<ControlClient> client = ControlClient::Connect(state.value().SocketPath());
  if (client.ok() || client.error().kind != ErrorKind::kNotFound) return client;
  return MakeError(ErrorKind::kNotFound, "no agent is running for " + state.value().path() +
                                             "; start it with `kinfolder --state " +
                                             state.value().path() + " run`");
}

Result<json> AskAgent(const CommandLine& line, const json& request, int file) {
  Result<ControlClient> client = ConnectAgent(line);
  if (!client.ok()) return client.error();
  return client.value().Call(request, file);
}

std::string TextOf(const json& object, const char* name) {
  if (!object.is_object()) return "";
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::int64_t NumberOf(const json& object, const char* name) {
  if (!object.is_object()) return 0;
  const auto found = object.find(name);
  return found != object.end() && found->is_number() ? found->get<std::int64_t>() : 0;
}

json ListOf(const json& object, const char* name) {
  if (!object.is_object()) return json::array();
  const auto found = object.find(name);
  return found != object.end() && found->is_array() ? *found : json::array();
}

CLI::App* AddCommand(CLI::App& app, const std::string& name, const std::string& description,
                     const std::string& example) {
  CLI::App* const command = app.add_subcommand(name, description);
  command->footer("Example:\n  " + example);
  command->fallthrough();
  return command;
}

}  // namespace kinfolder

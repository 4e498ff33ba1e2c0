// init, create, invite, join, leave, list: with the running agent, so that it takes effect at once,
// or else here, under the state directory's lock.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <ctime>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "shells/api/path_argument.h"
#include "shells/api/setup_desk.h"
#include "shells/cli/command_line.h"
#include "shells/cli/format.h"
#include "shells/posix/lock.h"
#include "shells/setup/folders.h"
#include "shells/setup/option_list.h"
#include "shells/setup/store_url.h"

namespace kinfolder {
namespace {

using nlohmann::json;

constexpr int kLockTries = 30;

// The state directory for changes: by the running agent, or ours until we end.
struct Holder {
  std::optional<ControlClient> agent;
  std::optional<StateLock> lock;
  std::optional<StateDir> state;
  std::unique_ptr<ObjectStore> store;
};

// Without the store when `needs_store` is false.
Result<Holder> Hold(const CommandLine& line, bool needs_store) {
  Result<StateDir> state = StateDir::Open(line.state);
  if (!state.ok()) return state.error();
  Holder holder;
  for (int i = 0;; ++i) {
    Result<ControlClient> agent = ControlClient::Connect(state.value().SocketPath());
    if (agent.ok()) {
      holder.agent = std::move(agent).value();
      return holder;
    }
    Result<StateLock> lock = StateLock::Acquire(state.value().path());
    if (lock.ok()) {
      holder.lock = std::move(lock).value();
      break;
    }
    // An agent that is starting or ending, or another command: they are soon done.
    if (lock.error().kind != ErrorKind::kExists || i >= kLockTries) return lock.error();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  // Once more: what was read before the lock may be old.
  state = StateDir::Open(line.state);
  if (!state.ok()) return state.error();
  holder.state = std::move(state).value();
  if (!needs_store) return holder;
  Result<std::unique_ptr<ObjectStore>> store = OpenStore(holder.state->info().store_url);
  if (!store.ok()) return store.error();
  holder.store = std::move(store).value();
  return holder;
}

struct FolderArguments {
  std::string path;
  std::string invitation;
  std::string name;
  std::string as;
  bool take_over = false;
};

json RequestOf(const char* command, const FolderArguments& given, const std::string& path) {
  return {{"command", command}, {"path", path},   {"invitation", given.invitation},
          {"name", given.name}, {"as", given.as}, {"take_over", given.take_over}};
}

Result<json> CreateOrJoin(Holder& holder, const FolderArguments& given, bool join) {
  const Result<std::string> path = AbsolutePath(given.path);
  if (!path.ok()) return path.error();
  if (holder.agent) {
    return holder.agent->Call(RequestOf(join ? "join" : "create", given, path.value()));
  }
  const NewFolder wanted = {path.value(), given.name, given.as, given.take_over};
  const Result<FolderSetup> record =
      join ? JoinFolder(*holder.state, *holder.store, given.invitation, wanted, std::time(nullptr))
           : CreateFolder(*holder.state, *holder.store, wanted);
  if (!record.ok()) return record.error();
  return DescribeFolder(record.value());
}

int RunCreateOrJoin(const CommandLine& line, const FolderArguments& given, bool join) {
  Result<Holder> holder = Hold(line, /*needs_store=*/true);
  if (!holder.ok()) return Fail(holder.error());
  const bool agent = holder.value().agent.has_value();
  const Result<json> folder = CreateOrJoin(holder.value(), given, join);
  if (!folder.ok()) return Fail(folder.error());
  if (line.json) {
    PrintJson(folder.value());
    return kExitDone;
  }
  Print("Folder " + Styled(TextOf(folder.value(), "name")) + " at " +
        TextOf(folder.value(), "path") + ": you are " +
        Styled(TextOf(folder.value(), "participant")) + " in it.\n");
  Print(agent ? "The agent synchronises it now.\n" : "Start the agent with: kinfolder run\n");
  return kExitDone;
}

int RunInit(const CommandLine& line, const std::string& store) {
  const Result<StateDir> state = InitState(line.state, store);
  if (!state.ok()) return Fail(state.error());
  if (line.json) {
    PrintJson({{"state", state.value().path()}, {"store", state.value().info().store_url}});
    return kExitDone;
  }
  Print("State directory " + Styled(state.value().path()) + " is made; its store is " +
        state.value().info().store_url + ".\n");
  Print("Next: kinfolder create PATH, or kinfolder join INVITATION PATH\n");
  return kExitDone;
}

struct InviteArguments {
  std::string folder;
  std::string participant;
  bool read_only = false;
  std::string expires = "7d";
};

int RunInvite(const CommandLine& line, const InviteArguments& given) {
  const Result<std::int64_t> length = ParseDuration(given.expires);
  if (!length.ok()) return FailUsage("--expires: " + length.error().text);
  const std::int64_t expires_s = std::time(nullptr) + length.value();
  Result<Holder> holder = Hold(line, /*needs_store=*/true);
  if (!holder.ok()) return Fail(holder.error());
  std::string invitation;
  if (holder.value().agent) {
    const Result<json> answer = holder.value().agent->Call({{"command", "invite"},
                                                            {"folder", given.folder},
                                                            {"participant", given.participant},
                                                            {"read_only", given.read_only},
                                                            {"expires_s", expires_s}});
    if (!answer.ok()) return Fail(answer.error());
    invitation = TextOf(answer.value(), "invitation");
  } else {
    const Result<std::string> text =
        MakeInvitation(*holder.value().state, *holder.value().store, given.folder,
                       given.participant, given.read_only, expires_s);
    if (!text.ok()) return Fail(text.error());
    invitation = text.value();
  }
  if (line.json) {
    PrintJson({{"invitation", invitation}, {"expires_s", expires_s}});
    return kExitDone;
  }
  Print(invitation + "\n");
  if (::isatty(STDERR_FILENO) == 1) {
    ::fprintf(stderr,
              "Send this line to %s by a way only the two of you read. It is good for one join, "
              "until %s UTC.\n",
              given.participant.c_str(), FormatTime(expires_s).c_str());
  }
  return kExitDone;
}

int RunLeave(const CommandLine& line, const std::string& folder) {
  Result<Holder> holder = Hold(line, /*needs_store=*/false);
  if (!holder.ok()) return Fail(holder.error());
  if (holder.value().agent) {
    const Result<json> answer =
        holder.value().agent->Call({{"command", "leave"}, {"folder", folder}});
    if (!answer.ok()) return Fail(answer.error());
  } else {
    const Status left = LeaveFolder(*holder.value().state, folder);
    if (!left.ok()) return Fail(left.error());
  }
  if (line.json) {
    PrintJson({{"left", folder}});
  } else {
    Print("Left the folder " + Styled(folder) + "; its files stay where they are.\n");
  }
  return kExitDone;
}

int RunList(const CommandLine& line) {
  // Only read, so that it works beside everything else.
  const Result<StateDir> state = StateDir::Open(line.state);
  if (!state.ok()) return Fail(state.error());
  const Result<std::vector<FolderSetup>> records = state.value().Folders();
  if (!records.ok()) return Fail(records.error());
  json folders = json::array();
  for (const FolderSetup& record : records.value()) {
    folders.push_back(DescribeFolder(record));
    folders.back()["store"] = state.value().info().store_url;
  }
  if (line.json) {
    PrintJson({{"folders", folders}});
    return kExitDone;
  }
  if (folders.empty()) Print("No folders yet. See kinfolder create and kinfolder join.\n");
  for (const FolderSetup& record : records.value()) {
    Print(Styled(record.name) + "  " + record.path + "  as " + record.participant +
          (record.admin() ? ", admin" : "") + (record.read_only ? ", read-only" : "") + "\n");
  }
  return kExitDone;
}

void AddFolderOptions(CLI::App* command, FolderArguments& given) {
  command->add_option("--name", given.name, "what the folder is called here");
  command->add_option("--as", given.as, "what you are called in it");
  command->add_flag("--take-over", given.take_over,
                    "also if another state directory, which is gone, has marked the directory");
}

}  // namespace

void AddSetupCommands(CLI::App& app, CommandLine& line) {
  {
    CLI::App* const command = AddCommand(app, "init", "Make a state directory for this machine",
                                         "kinfolder init --store dir:/mnt/share/store");
    auto store = std::make_shared<std::string>();
    command->add_option("--store", *store, "where the folders are kept: dir:PATH")->required();
    command->callback(
        [&line, store] { line.action = [&line, store] { return RunInit(line, *store); }; });
  }
  {
    CLI::App* const command = AddCommand(app, "create", "Make a folder from a directory",
                                         "kinfolder create ~/Documents --name docs --as anna");
    auto given = std::make_shared<FolderArguments>();
    command->add_option("PATH", given->path, "the directory; its files become the folder's")
        ->required();
    AddFolderOptions(command, *given);
    command->callback([&line, given] {
      line.action = [&line, given] { return RunCreateOrJoin(line, *given, false); };
    });
  }
  {
    CLI::App* const command = AddCommand(
        app, "invite", "Print an invitation for one more participant", "kinfolder invite docs ben");
    auto given = std::make_shared<InviteArguments>();
    command->add_option("NAME", given->folder, "the folder")->required();
    command->add_option("PARTICIPANT", given->participant, "what the new one is called")
        ->required();
    command->add_flag("--read-only", given->read_only, "the new one may not change anything");
    command->add_option("--expires", given->expires, "how long it is good: 12h, 7d (standard)");
    command->callback(
        [&line, given] { line.action = [&line, given] { return RunInvite(line, *given); }; });
  }
  {
    CLI::App* const command = AddCommand(app, "join", "Join a folder with an invitation",
                                         "kinfolder join kinfolder-invite:… ~/Documents");
    auto given = std::make_shared<FolderArguments>();
    command->add_option("INVITATION", given->invitation, "the line somebody sent")->required();
    command->add_option("PATH", given->path, "a directory; it may hold files already")->required();
    AddFolderOptions(command, *given);
    command->callback([&line, given] {
      line.action = [&line, given] { return RunCreateOrJoin(line, *given, true); };
    });
  }
  {
    CLI::App* const command =
        AddCommand(app, "leave", "Leave a folder; its files stay", "kinfolder leave docs");
    auto folder = std::make_shared<std::string>();
    command->add_option("NAME", *folder, "the folder")->required();
    command->callback(
        [&line, folder] { line.action = [&line, folder] { return RunLeave(line, *folder); }; });
  }
  CLI::App* const command =
      AddCommand(app, "list", "List this machine's folders", "kinfolder list --json");
  command->callback([&line] { line.action = [&line] { return RunList(line); }; });
}

}  // namespace kinfolder

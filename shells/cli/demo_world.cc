#include "shells/cli/demo_world.h"

#include <sys/stat.h>

#include <array>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "core/base/check.h"
#include "shells/setup/durable_file.h"
#include "shells/setup/folders.h"
#include "shells/setup/store_url.h"

namespace kinfolder {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 8> kNames = {"anna", "ben",  "carl", "dora",
                                               "emil", "fred", "gina", "hans"};
constexpr std::size_t kMaxFileBytes = 256 * 1024 * 1024;
constexpr int kStartTries = 200;
constexpr std::chrono::milliseconds kStartPause(50);

// The demonstration need not wait a minute where the store can't tell of changes.
Status PollOften(StateDir& state, FolderSetup record) {
  record.options["poll-interval"] = "1s";
  return state.SaveFolder(record);
}

// The admin's part of joining, which a running agent would do a little later.
Status TakeIn(StateDir& admin, ObjectStore& store) {
  Result<FolderSetup> record = admin.FindFolder("demo");
  if (!record.ok()) return record.error();
  Acceptance accepted = AcceptJoiners(store, record.value(), std::time(nullptr));
  if (!accepted.problems.empty()) return MakeError(ErrorKind::kInternal, accepted.problems.front());
  record.value().invitations = std::move(accepted.left);
  return admin.SaveFolder(record.value());
}

Status InviteAndJoin(StateDir& admin, StateDir& guest, ObjectStore& store, const std::string& name,
                     const std::string& folder) {
  const std::int64_t now_s = std::time(nullptr);
  const Result<std::string> invitation =
      MakeInvitation(admin, store, "demo", name, /*read_only=*/false, now_s + 3600);
  if (!invitation.ok()) return invitation.error();
  const Result<FolderSetup> joined =
      JoinFolder(guest, store, invitation.value(), {.path = folder}, now_s);
  if (!joined.ok()) return joined.error();
  const Status often = PollOften(guest, joined.value());
  return often.ok() ? TakeIn(admin, store) : often;
}

}  // namespace

Result<DemoWorld> DemoWorld::Make(const std::string& program, const std::string& directory,
                                  std::size_t participants) {
  CHECK(participants >= 2 && participants <= kNames.size());
  const Status made = MakeDirectories(directory);
  if (!made.ok()) return made.error();
  std::error_code error;
  if (!fs::is_empty(directory, error) || error) {
    return MakeError(ErrorKind::kInvalid,
                     directory + " is not empty; choose a new directory for the demonstration");
  }
  DemoWorld world(program, fs::canonical(directory, error).string());
  const Status joined = world.MakeParticipants(participants);
  if (!joined.ok()) return joined.error();
  return world;
}

Status DemoWorld::MakeParticipants(std::size_t count) {
  const std::string store_url = "dir:" + directory_ + "/store";
  std::optional<StateDir> admin;
  std::unique_ptr<ObjectStore> store;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = kNames[i];
    DemoParticipant participant{name, directory_ + "/state/" + name, directory_ + "/" + name,
                                directory_ + "/state/" + name + ".log", std::nullopt};
    const Status made = MakeDirectories(participant.folder);
    if (!made.ok()) return made;
    Result<StateDir> state = InitState(participant.state, store_url);
    if (!state.ok()) return state.error();
    if (!admin) {
      Result<std::unique_ptr<ObjectStore>> opened = OpenStore(store_url);
      if (!opened.ok()) return opened.error();
      store = std::move(opened).value();
      admin = std::move(state).value();
      const Result<FolderSetup> folder = CreateFolder(
          *admin, *store, {.path = participant.folder, .name = "demo", .participant = name});
      if (!folder.ok()) return folder.error();
      const Status often = PollOften(*admin, folder.value());
      if (!often.ok()) return often;
    } else {
      const Status joined = InviteAndJoin(*admin, state.value(), *store, name, participant.folder);
      if (!joined.ok()) return joined;
    }
    participants_.push_back(std::move(participant));
  }
  return Status();
}

Status DemoWorld::StartAgent(DemoParticipant& participant) {
  Result<ChildProcess> child =
      ChildProcess::Start({program_, "--state", participant.state, "run"}, participant.log);
  if (!child.ok()) return child.error();
  participant.agent = std::move(child).value();
  for (int i = 0; i < kStartTries && participant.agent->running(); ++i) {
    if (Ask(participant, {{"command", "ping"}}).ok()) return Status();
    std::this_thread::sleep_for(kStartPause);
  }
  return MakeError(ErrorKind::kUnavailable,
                   "the agent of " + participant.name + " did not start; see " + participant.log);
}

Result<nlohmann::json> DemoWorld::Ask(const DemoParticipant& participant,
                                      const nlohmann::json& request) {
  Result<ControlClient> client = ControlClient::Connect(participant.state + "/control.sock");
  if (!client.ok()) return client.error();
  return client.value().Call(request);
}

DemoTree ReadTree(const std::string& folder) {
  DemoTree tree;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (at.depth() == 0 && at->path().filename() == ".kinfolder") {
      at.disable_recursion_pending();
      continue;
    }
    std::error_code gone;
    if (!at->is_regular_file(gone) || at->is_symlink(gone)) continue;
    Result<std::string> bytes = ReadSmallFile(at->path(), kMaxFileBytes);
    struct stat found = {};
    if (!bytes.ok() || ::stat(at->path().c_str(), &found) != 0) continue;
    tree[at->path().lexically_relative(folder)] = {std::move(bytes).value(),
                                                   (found.st_mode & 0100) != 0};
  }
  return tree;
}

}  // namespace kinfolder

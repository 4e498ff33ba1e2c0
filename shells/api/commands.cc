#include "shells/api/commands.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "shells/api/path_argument.h"
#include "shells/setup/option_list.h"

namespace kinfolder {
namespace {

using nlohmann::json;

constexpr std::int64_t kSyncTimeoutMs = 60'000;

// The members of a request; missing or other ones are empty.
std::string Text(const json& body, const char* name) {
  const auto found = body.find(name);
  return found != body.end() && found->is_string() ? found->get<std::string>() : "";
}

bool Flag(const json& body, const char* name) {
  const auto found = body.find(name);
  return found != body.end() && found->is_boolean() && found->get<bool>();
}

std::int64_t Number(const json& body, const char* name, std::int64_t otherwise) {
  const auto found = body.find(name);
  return found != body.end() && found->is_number_integer() ? found->get<std::int64_t>() : otherwise;
}

Reply ReplyTo(const std::shared_ptr<Responder>& answer) {
  return [answer](Result<json> result) { answer->Finish(result); };
}

NewFolder NewFolderOf(const json& body) {
  return {Text(body, "path"), Text(body, "name"), Text(body, "as"), Flag(body, "take_over")};
}

json OptionsOf(const FolderSetup& record) {
  json options = json::object();
  for (const OptionHelp& option : OptionList()) {
    const auto set = record.options.find(std::string(option.name));
    options[std::string(option.name)] =
        set == record.options.end() ? std::string(option.standard) : set->second;
  }
  return options;
}

}  // namespace

Commands::Commands(HostApi& host, SetupDesk& desk) : host_(host), desk_(desk) {}

Commands::~Commands() { host_.SetStatusListener(nullptr); }

void Commands::Handle(ControlRequest request, std::shared_ptr<Responder> answer) {
  const std::string command = Text(request.body, "command");
  if (HandleSetup(command, request.body, answer) || HandleFolder(command, request, answer) ||
      HandlePath(command, request, answer)) {
    return;
  }
  answer->Finish(
      MakeError(ErrorKind::kInvalid, "the running agent does not know '" + command +
                                         "'; restart it with this version of kinfolder"));
}

bool Commands::HandleSetup(const std::string& command, const json& body, const Answer& answer) {
  if (command == "ping") {
    answer->Finish(json{{"pid", ::getpid()}});
  } else if (command == "list") {
    json folders = json::array();
    for (const FolderSetup& record : desk_.folders()) folders.push_back(DescribeFolder(record));
    answer->Finish(json{{"folders", std::move(folders)}});
  } else if (command == "create") {
    desk_.Create(NewFolderOf(body), ReplyTo(answer));
  } else if (command == "join") {
    desk_.Join(Text(body, "invitation"), NewFolderOf(body), ReplyTo(answer));
  } else if (command == "invite") {
    desk_.Invite(Text(body, "folder"), Text(body, "participant"), Flag(body, "read_only"),
                 Number(body, "expires_s", 0), ReplyTo(answer));
  } else if (command == "leave") {
    desk_.Leave(Text(body, "folder"), ReplyTo(answer));
  } else if (command == "config-get") {
    const Result<FolderSetup> record = desk_.Find(Text(body, "folder"));
    answer->Finish(record.ok() ? Result<json>(OptionsOf(record.value())) : record.error());
  } else if (command == "config-set") {
    desk_.SetOption(Text(body, "folder"), Text(body, "name"), Text(body, "value"), ReplyTo(answer));
  } else {
    return false;
  }
  return true;
}

bool Commands::HandleFolder(const std::string& command, ControlRequest& request,
                            const Answer& answer) {
  const std::string folder = Text(request.body, "folder");
  if (command == "status") {
    answer->Finish(host_.GetStatus(folder));
  } else if (command == "watch-status") {
    Watch(folder, answer);
  } else if (command == "participants") {
    answer->Finish(host_.GetParticipants(folder));
  } else if (command == "conflicts") {
    Conflicts(folder, answer);
  } else if (command == "held-deletes") {
    answer->Finish(host_.GetHeldDeletes(folder));
  } else if (command == "decide-deletes") {
    host_.DecideDeletes(folder, Flag(request.body, "approve"), ReplyTo(answer));
  } else if (command == "sync") {
    Sync(folder, Number(request.body, "timeout_ms", kSyncTimeoutMs), answer);
  } else if (command == "pause" || command == "resume") {
    host_.SetPaused(folder, command == "pause", ReplyTo(answer));
  } else if (command == "save-trace") {
    if (!request.file.ok()) {
      answer->Finish(MakeError(ErrorKind::kInvalid, "no file came with the request"));
    } else {
      host_.SaveTrace(folder, std::move(request.file), ReplyTo(answer));
    }
  } else {
    return false;
  }
  return true;
}

bool Commands::HandlePath(const std::string& command, ControlRequest& request,
                          const Answer& answer) {
  if (command != "resolve" && command != "log" && command != "cat" && command != "restore") {
    return false;
  }
  const Result<FolderPath> found = FindFolderPath(desk_.folders(), Text(request.body, "path"));
  if (!found.ok()) {
    answer->Finish(found.error());
    return true;
  }
  const auto& [folder, path] = found.value();
  const std::string version = Text(request.body, "version");
  if (path.empty()) {
    answer->Finish(MakeError(ErrorKind::kInvalid, "that is the folder itself; give a file in it"));
  } else if (command == "resolve") {
    Resolve(request, folder, path, answer);
  } else if (command == "log") {
    host_.Log(folder, path, ReplyTo(answer));
  } else if (command == "restore") {
    host_.Restore(folder, path, version, ReplyTo(answer));
  } else if (!request.file.ok()) {
    answer->Finish(MakeError(ErrorKind::kInvalid, "no file came with the request"));
  } else {
    host_.Cat(folder, path, version, std::move(request.file), ReplyTo(answer));
  }
  return true;
}

void Commands::Resolve(ControlRequest& request, const std::string& folder, const std::string& path,
                       const Answer& answer) {
  ResolveRequest resolve;
  resolve.folder = folder;
  resolve.path = path;
  resolve.theirs = Text(request.body, "theirs");
  const std::string choice = Text(request.body, "choice");
  if (choice == "mine") {
    resolve.choice = ResolveChoice::kMine;
  } else if (choice == "theirs") {
    resolve.choice = ResolveChoice::kTheirs;
  } else if (choice == "file" && request.file.ok()) {
    resolve.choice = ResolveChoice::kFile;
    resolve.file = std::move(request.file);
  } else {
    return answer->Finish(
        MakeError(ErrorKind::kInvalid, "it is not said what to keep; mine, theirs or a file"));
  }
  host_.Resolve(std::move(resolve), ReplyTo(answer));
}

void Commands::Sync(const std::string& folder, std::int64_t timeout_ms, const Answer& answer) {
  std::vector<std::string> names;
  for (const FolderSetup& record : desk_.folders()) {
    if (folder.empty() || record.name == folder) names.push_back(record.name);
  }
  if (names.empty() && !folder.empty()) return answer->Finish(desk_.Find(folder).error());
  struct Progress {
    std::size_t left = 0;
    std::vector<Error> errors;
  };
  auto progress = std::make_shared<Progress>();
  progress->left = names.size();
  const auto finish = [this, folder, progress, answer] {
    answer->Finish(progress->errors.empty() ? host_.GetStatus(folder)
                                            : Result<json>(progress->errors.front()));
  };
  if (names.empty()) return finish();
  for (const std::string& name : names) {
    host_.Sync(name, timeout_ms, [progress, finish](Result<json> done) {
      if (!done.ok()) progress->errors.push_back(done.error());
      if (--progress->left == 0) finish();
    });
  }
}

void Commands::Conflicts(const std::string& folder, const Answer& answer) {
  json all = json::array();
  for (const FolderSetup& record : desk_.folders()) {
    if (!folder.empty() && record.name != folder) continue;
    Result<json> found = host_.GetConflicts(record.name);
    if (!found.ok()) return answer->Finish(found.error());
    found.value()["root"] = record.path;
    all.push_back(std::move(found).value());
  }
  if (all.empty() && !folder.empty()) return answer->Finish(desk_.Find(folder).error());
  answer->Finish(json{{"folders", std::move(all)}});
}

void Commands::Watch(const std::string& folder, const Answer& answer) {
  const Result<json> now = host_.GetStatus(folder);
  if (!now.ok()) return answer->Finish(now.error());
  auto watcher = std::make_shared<Watcher>(Watcher{folder, answer, true});
  answer->OnDrained([this, weak = std::weak_ptr<Watcher>(watcher)] {
    if (const auto live = weak.lock()) Tell(live);
  });
  watchers_.push_back(watcher);
  host_.SetStatusListener([this] { StatusChanged(); });
  Tell(watcher);
}

void Commands::StatusChanged() {
  std::erase_if(watchers_, [](const auto& watcher) { return !watcher->answer->IsOpen(); });
  if (watchers_.empty()) return host_.SetStatusListener(nullptr);
  const auto watchers = watchers_;
  for (const auto& watcher : watchers) {
    watcher->behind = true;
    Tell(watcher);
  }
}

void Commands::Tell(const std::shared_ptr<Watcher>& watcher) {
  // A slow reader gets the newest status when it has read the one before.
  if (!watcher->behind || !watcher->answer->Drained()) return;
  watcher->behind = false;
  const Result<json> status = host_.GetStatus(watcher->folder);
  if (!status.ok()) return watcher->answer->Finish(status.error());
  watcher->answer->Part(status.value());
}

}  // namespace kinfolder

// What people ask for; what they are told is in folder_status.cc.
#include "shells/host/folder_people.h"

#include <utility>

#include "core/agent/state.h"
#include "shells/grid/encoding.h"
#include "shells/host/convert.h"

namespace kinfolder {

namespace {

using nlohmann::json;

Error NoSuchPath(const std::string& path) {
  return MakeError(ErrorKind::kNotFound,
                   "'" + path + "' was never a file of this folder; check the path");
}

Error CommandFailed(const AnswerCommand& answer) {
  const std::string why(ReasonText(answer.reason));
  if (answer.outcome == Outcome::kRefused)
    return MakeError(ErrorKind::kChanged,
                     why.empty() ? "it does not apply any more; look at the status again" : why);
  return MakeError(ErrorKind::kUnavailable,
                   why.empty() ? "it could not be done; look at the status and try again" : why);
}

json VersionJson(const HistoryEntry& entry, std::size_t index, const Tables& tables) {
  const Version& version = entry.node.version;
  json out = {{"index", index},
              {"snapshot", entry.name},
              {"kind", KindName(version.kind)},
              {"size", entry.node.size},
              {"executable", version.exec},
              {"deleted", version.kind == Kind::kDeleted},
              {"created", TimeText(entry.node.created_ms)},
              {"modified", TimeText(entry.node.mtime_ns / 1'000'000)},
              {"current", entry.current},
              {"local", entry.local}};
  out["author"] = entry.node.author ? tables.Person(entry.node.author).name : std::string();
  if (version.content)
    out["sha256"] = HexEncode(DigestBytes(tables.Content(version.content).sha256));
  return out;
}

}  // namespace

FolderPeople::FolderPeople(HostParts& parts, StorePort& store_port, ScanPort& scan_port)
    : parts_(parts), store_port_(store_port), scan_port_(scan_port) {}

FolderPeople::~FolderPeople() {
  while (!commands_.empty())
    Finish(commands_.begin()->first,
           MakeError(ErrorKind::kUnavailable, "the folder was stopped; try again"));
}

CommandId FolderPeople::NewCommand(Reply reply, json result) {
  const CommandId id = next_command_++;
  commands_[id] = {std::move(reply), std::move(result), std::nullopt};
  return id;
}

void FolderPeople::Finish(CommandId id, Result<json> result) {
  const auto found = commands_.find(id);
  if (found == commands_.end()) return;
  const Command command = std::move(found->second);
  commands_.erase(found);
  if (command.timeout) parts_.loop.RemoveTimer(*command.timeout);
  command.reply(std::move(result));
}

void FolderPeople::OnAnswer(const AnswerCommand& answer) {
  const auto found = commands_.find(answer.command);
  if (found == commands_.end()) return;
  if (answer.outcome != Outcome::kDone) return Finish(answer.command, CommandFailed(answer));
  json result = found->second.result;
  if (result.is_null()) result = GetStatus();
  Finish(answer.command, std::move(result));
}

void FolderPeople::Sync(std::int64_t timeout_ms, Reply reply) {
  const CommandId id = NewCommand(std::move(reply), json());  // null: the status at its end
  commands_[id].timeout = parts_.loop.AddTimer(EventLoop::MonoMs() + timeout_ms, [this, id] {
    const FolderView view = View(parts_.state());
    std::string text = "not everything was done in time";
    if (view.files_pending != 0)
      text += ": " + std::to_string(view.files_pending) + " files are left";
    const std::string why(ReasonText(view.folder_reason));
    if (!why.empty()) text += ": " + why;
    commands_[id].timeout.reset();
    Finish(id, MakeError(ErrorKind::kUnavailable, text + "; look at the status"));
  });
  parts_.feed(SyncAsked{id});
}

void FolderPeople::SetPaused(bool paused, Reply reply) {
  parts_.feed(PauseAsked{NewCommand(std::move(reply)), paused});
}

void FolderPeople::DecideDeletes(bool approve, Reply reply) {
  parts_.feed(DeletesDecided{NewCommand(std::move(reply)), approve});
}

// --- resolving ---

void FolderPeople::ChooseGiven(PathId path, const Version& given, bool settles, Reply reply,
                               json result) {
  VersionChosen chosen;
  chosen.command = NewCommand(std::move(reply), std::move(result));
  chosen.path = path;
  chosen.choice = VersionChosen::Choice::kGiven;
  chosen.given = given;
  chosen.settles_conflicts = settles;
  parts_.feed(chosen);
}

void FolderPeople::Resolve(ResolveRequest request, Reply reply) {
  const PathId path = parts_.tables.names().FindPath(request.path);
  if (!path) return reply(NoSuchPath(request.path));
  if (request.choice == ResolveChoice::kFile) {
    auto file = std::make_shared<Fd>(std::move(request.file));
    return ResolveWithFile(path, file->get(), file, std::move(reply));
  }
  VersionChosen chosen;
  chosen.path = path;
  if (request.choice == ResolveChoice::kTheirs) {
    chosen.choice = VersionChosen::Choice::kTheirs;
    if (!request.theirs.empty()) {
      chosen.theirs = parts_.tables.FindPerson(request.theirs);
      if (chosen.theirs == kSelf) chosen.theirs = kForeign;  // as its copy is called
      if (!chosen.theirs)
        return reply(MakeError(ErrorKind::kNotFound, "there is no participant '" + request.theirs +
                                                         "'; `kinfolder participants` lists them"));
    }
  }
  chosen.command = NewCommand(std::move(reply));
  parts_.feed(chosen);
}

void FolderPeople::ResolveWithFile(PathId path, int fd, std::shared_ptr<Fd> file, Reply reply) {
  ++walks_;
  parts_.Run(
      parts_.disk_workers,
      [staging = parts_.staging, fd, file] { return CaptureOpenFile(fd, *staging); },
      [this, path, reply = std::move(reply)](const CaptureResult& captured) {
        --walks_;
        if (captured.outcome != Outcome::kDone)
          return reply(
              MakeError(ErrorKind::kInvalid,
                        "the file can't be taken: " + std::string(ReasonText(captured.reason))));
        Version given;
        given.kind = Kind::kFile;
        given.exec = captured.stat.exec;
        const ContentId content = parts_.tables.ContentOf(captured.sha256, captured.size);
        const ContentRow& row = parts_.tables.Content(content);
        if (row.staged || !row.cap.empty())
          parts_.staging->Forget(*captured.staged);
        else
          parts_.tables.SetStaged(content, captured.staged);
        given.content = content;
        ChooseGiven(path, given, true, reply, json::object());
      });
}

// --- history ---

void FolderPeople::WithHistory(const std::string& path,
                               std::function<void(Result<std::vector<HistoryEntry>>)> done) {
  const PathId id = parts_.tables.names().FindPath(path);
  if (!id) return done(NoSuchPath(path));
  ++walks_;
  WalkHistory(parts_, store_port_, id,
              [this, path, done = std::move(done)](Result<std::vector<HistoryEntry>> entries) {
                --walks_;
                if (entries.ok() && entries.value().empty()) return done(NoSuchPath(path));
                done(std::move(entries));
              });
}

void FolderPeople::Log(const std::string& path, Reply reply) {
  WithHistory(path, [this, path,
                     reply = std::move(reply)](const Result<std::vector<HistoryEntry>>& entries) {
    if (!entries.ok()) return reply(entries.error());
    json versions = json::array();
    for (std::size_t i = 0; i < entries.value().size(); ++i)
      versions.push_back(VersionJson(entries.value()[i], i, parts_.tables));
    reply(json{{"path", path}, {"versions", std::move(versions)}});
  });
}

void FolderPeople::FindVersion(const std::string& path, const std::string& version, Found found) {
  WithHistory(
      path, [version, found = std::move(found)](const Result<std::vector<HistoryEntry>>& entries) {
        if (!entries.ok()) return found(entries.error());
        const Result<std::size_t> index = PickVersion(entries.value(), version);
        if (!index.ok()) return found(index.error());
        found(entries.value()[index.value()]);
      });
}

void FolderPeople::Cat(const std::string& path, const std::string& version, Fd out, Reply reply) {
  auto file = std::make_shared<Fd>(std::move(out));
  FindVersion(
      path, version, [this, file, reply = std::move(reply)](const Result<HistoryEntry>& found) {
        if (!found.ok()) return reply(found.error());
        const HistoryEntry& entry = found.value();
        if (!entry.node.version.content)
          return reply(MakeError(ErrorKind::kNotFound,
                                 "that version is no file (it is a delete or a directory); choose "
                                 "another one"));
        const ContentPlace place = parts_.PlaceOf(entry.node.version.content);
        parts_.Run(
            parts_.content_workers,
            [store = parts_.store, staging = parts_.staging, place, file] {
              Status written = WriteContentTo(*store, *staging, place, file->get());
              file->Reset();
              return written;
            },
            [reply, name = entry.name, size = place.size](const Status& written) {
              if (!written.ok()) return reply(written.error());
              reply(json{{"snapshot", name}, {"bytes", size}});
            });
      });
}

void FolderPeople::Restore(const std::string& path, const std::string& version, Reply reply) {
  FindVersion(path, version, [this, reply = std::move(reply)](const Result<HistoryEntry>& found) {
    if (!found.ok()) return reply(found.error());
    const HistoryEntry& entry = found.value();
    ChooseGiven(entry.node.path, entry.node.version, false, reply, json{{"snapshot", entry.name}});
  });
}

}  // namespace kinfolder

#include "shells/api/setup_desk.h"

#include <algorithm>
#include <utility>

#include "shells/setup/option_list.h"
#include "shells/setup/store_url.h"

namespace kinfolder {
namespace {

using nlohmann::json;

constexpr std::int64_t kLookForJoinersMs = 2000;
constexpr std::int64_t kStopWaitMs = 2000;

struct JoinNews {
  std::vector<std::string> joined;  // for people
  std::vector<std::string> problems;
};

// Takes in who answered, folder by folder.
Result<JoinNews> AcceptAll(StateDir& state, ObjectStore& store, std::int64_t now_s) {
  const Result<std::vector<FolderSetup>> records = state.Folders();
  if (!records.ok()) return records.error();
  JoinNews looked;
  for (FolderSetup record : records.value()) {
    if (!record.admin() || record.invitations.empty()) continue;
    Acceptance acceptance = AcceptJoiners(store, record, now_s);
    for (const AcceptedJoiner& joiner : acceptance.joined) {
      looked.joined.push_back(joiner.name + " joined the folder '" + record.name + "'");
    }
    for (const std::string& problem : acceptance.problems) {
      looked.problems.push_back(record.name + ": " + problem);
    }
    if (acceptance.left == record.invitations) continue;
    record.invitations = std::move(acceptance.left);
    const Status saved = state.SaveFolder(record);
    if (!saved.ok()) return saved.error();
  }
  return looked;
}

// Invitations are looked after here, by one who writes the records and the collective.
FolderSetup ForHost(FolderSetup record) {
  record.invitations.clear();
  return record;
}

Result<FolderSetup> SaveOption(StateDir& state, const std::string& folder, const std::string& name,
                               const std::string& value) {
  Result<FolderSetup> record = state.FindFolder(folder);
  if (!record.ok()) return record;
  if (value.empty()) {
    record.value().options.erase(name);
  } else {
    record.value().options[name] = value;
  }
  const Status saved = state.SaveFolder(record.value());
  return saved.ok() ? record : Result<FolderSetup>(saved.error());
}

}  // namespace

json DescribeFolder(const FolderSetup& record) {
  return {{"name", record.name},
          {"path", record.path},
          {"participant", record.participant},
          {"admin", record.admin()},
          {"read_only", record.read_only}};
}

Result<ObjectStore*> SetupDesk::Shared::Store() {
  if (store == nullptr) {
    Result<std::unique_ptr<ObjectStore>> opened = OpenStore(state.info().store_url);
    if (!opened.ok()) return opened.error();
    store = std::move(opened).value();
  }
  return store.get();
}

SetupDesk::SetupDesk(EventLoop& loop, HostApi& host, StateDir state, Say say)
    : loop_(loop),
      host_(host),
      say_(std::move(say)),
      shared_(std::make_shared<Shared>(Shared{std::move(state), nullptr})),
      worker_(1),
      self_(std::make_shared<SetupDesk*>(this)) {}

SetupDesk::~SetupDesk() {
  loop_.RemoveTimer(timer_);
  worker_.Stop(kStopWaitMs);
}

template <class Value>
void SetupDesk::Do(std::function<Result<Value>(Shared&)> work,
                   std::function<void(Result<Value>, Records)> done) {
  worker_.Run([shared = shared_, mailbox = loop_.mailbox(), work = std::move(work),
               done = std::move(done), self = std::weak_ptr<SetupDesk*>(self_)] {
    auto value = std::make_shared<Result<Value>>(work(*shared));
    auto records = std::make_shared<Records>(shared->state.Folders());
    mailbox->Post([value, records, done, self] {
      if (!self.expired()) done(std::move(*value), std::move(*records));
    });
  });
}

bool SetupDesk::Refresh(Records records) {
  if (!records.ok()) {
    say_(records.error().text);
    return false;
  }
  folders_ = std::move(records).value();
  ScheduleLook();
  return true;
}

Status SetupDesk::Start(std::function<void()> started) {
  Records records = shared_->state.Folders();
  if (!records.ok()) return records.error();
  Refresh(std::move(records));
  auto left = std::make_shared<std::size_t>(folders_.size() + 1);
  auto one_less = [left, started = std::move(started)] {
    if (--*left == 0) started();
  };
  for (const FolderSetup& record : folders_) {
    host_.AddFolder(ForHost(record),
                    [say = say_, name = record.name, one_less](Result<json> added) {
                      if (!added.ok())
                        say("the folder '" + name + "' can't be started: " + added.error().text);
                      one_less();
                    });
  }
  one_less();
  return Status();
}

Result<FolderSetup> SetupDesk::Find(const std::string& name) const {
  std::string known;
  for (const FolderSetup& record : folders_) {
    if (record.name == name) return record;
    known += (known.empty() ? "" : ", ") + record.name;
  }
  return MakeError(ErrorKind::kNotFound,
                   "no folder is called '" + name + "'; " +
                       (known.empty() ? std::string("there are none yet") : "there are: " + known));
}

void SetupDesk::Added(Result<FolderSetup> record, Records records, Reply reply) {
  Refresh(std::move(records));
  if (!record.ok()) return reply(record.error());
  const json description = DescribeFolder(record.value());
  host_.AddFolder(ForHost(record.value()),
                  [description, reply = std::move(reply)](Result<json> added) {
                    reply(added.ok() ? Result<json>(description) : added);
                  });
}

void SetupDesk::Create(const NewFolder& wanted, Reply reply) {
  Do<FolderSetup>(
      [wanted](Shared& shared) -> Result<FolderSetup> {
        const Result<ObjectStore*> store = shared.Store();
        if (!store.ok()) return store.error();
        return CreateFolder(shared.state, *store.value(), wanted);
      },
      [this, reply = std::move(reply)](Result<FolderSetup> record, Records records) {
        Added(std::move(record), std::move(records), reply);
      });
}

void SetupDesk::Join(const std::string& invitation, const NewFolder& wanted, Reply reply) {
  const std::int64_t now_s = EventLoop::WallMs() / 1000;
  Do<FolderSetup>(
      [invitation, wanted, now_s](Shared& shared) -> Result<FolderSetup> {
        const Result<ObjectStore*> store = shared.Store();
        if (!store.ok()) return store.error();
        return JoinFolder(shared.state, *store.value(), invitation, wanted, now_s);
      },
      [this, reply = std::move(reply)](Result<FolderSetup> record, Records records) {
        Added(std::move(record), std::move(records), reply);
      });
}

void SetupDesk::Invite(const std::string& folder, const std::string& participant, bool read_only,
                       std::int64_t expires_s, Reply reply) {
  Do<std::string>(
      [=](Shared& shared) -> Result<std::string> {
        const Result<ObjectStore*> store = shared.Store();
        if (!store.ok()) return store.error();
        return MakeInvitation(shared.state, *store.value(), folder, participant, read_only,
                              expires_s);
      },
      [this, expires_s, reply = std::move(reply)](Result<std::string> text, Records records) {
        Refresh(std::move(records));
        if (!text.ok()) return reply(text.error());
        reply(json{{"invitation", text.value()}, {"expires_s", expires_s}});
      });
}

void SetupDesk::Leave(const std::string& folder, Reply reply) {
  const Result<FolderSetup> record = Find(folder);
  if (!record.ok()) return reply(record.error());
  const auto forget = [this, folder, reply = std::move(reply)](const Result<json>& removed) {
    // One that could not be started is not the host's.
    if (!removed.ok() && removed.error().kind != ErrorKind::kNotFound) return reply(removed);
    Do<bool>(
        [folder](Shared& shared) {
          const Status left = LeaveFolder(shared.state, folder);
          return left.ok() ? Result<bool>(true) : Result<bool>(left.error());
        },
        [this, reply](Result<bool> left, Records records) {
          Refresh(std::move(records));
          reply(left.ok() ? Result<json>(json::object()) : Result<json>(left.error()));
        });
  };
  host_.RemoveFolder(folder, forget);
}

void SetupDesk::SetOption(const std::string& folder, const std::string& name,
                          const std::string& value, Reply reply) {
  const Status good = value.empty() ? Status() : CheckOption(name, value);
  if (!good.ok()) return reply(good.error());
  Do<FolderSetup>([=](Shared& shared) { return SaveOption(shared.state, folder, name, value); },
                  [this, reply = std::move(reply)](Result<FolderSetup> record, Records records) {
                    Refresh(std::move(records));
                    if (!record.ok()) return reply(record.error());
                    host_.ChangeOptions(record.value().name, record.value().options, reply);
                  });
}

void SetupDesk::ScheduleLook() {
  loop_.RemoveTimer(timer_);
  timer_ = 0;
  const bool waiting = std::any_of(folders_.begin(), folders_.end(), [](const auto& record) {
    return record.admin() && !record.invitations.empty();
  });
  if (!waiting) return;
  timer_ = loop_.AddTimer(EventLoop::MonoMs() + kLookForJoinersMs, [this] { LookForJoiners(); });
}

void SetupDesk::LookForJoiners() {
  timer_ = 0;
  const std::int64_t now_s = EventLoop::WallMs() / 1000;
  Do<JoinNews>(
      [now_s](Shared& shared) -> Result<JoinNews> {
        const Result<ObjectStore*> store = shared.Store();
        if (!store.ok()) return store.error();
        return AcceptAll(shared.state, *store.value(), now_s);
      },
      [this](Result<JoinNews> looked, Records records) {
        std::string problem;
        if (looked.ok()) {
          for (const std::string& joined : looked.value().joined) say_(joined);
          for (const std::string& each : looked.value().problems) problem += each + "\n";
        } else {
          problem = looked.error().text;
        }
        if (!problem.empty() && problem != last_problem_) say_(problem);
        last_problem_ = problem;
        Refresh(std::move(records));
      });
}

}  // namespace kinfolder

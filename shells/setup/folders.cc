#include "shells/setup/folders.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "shells/grid/invitation.h"
#include "shells/grid/mangling.h"
#include "shells/grid/records.h"
#include "shells/posix/fd.h"
#include "shells/posix/root.h"
#include "shells/setup/root_checks.h"

namespace kinfolder {
namespace {

constexpr std::size_t kMaxFolderNameBytes = 255;

// The child of an inbox that says nobody else may use it.
constexpr char kClosedName[] = "closed";

Result<std::string> FolderName(const StateDir& state, const std::string& wanted,
                               const std::string& root) {
  const Result<std::string> name =
      ToNfc(wanted.empty() ? root.substr(root.find_last_of('/') + 1) : wanted);
  if (!name.ok())
    return MakeError(ErrorKind::kInvalid, "the folder's name is not UTF-8; give one with --name");
  const std::string& text = name.value();
  const bool control = std::any_of(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '/'; });
  if (text.empty() || text.size() > kMaxFolderNameBytes || control) {
    return MakeError(ErrorKind::kInvalid,
                     "'" + text +
                         "' can't name a folder (empty, over 255 bytes, or with a slash or "
                         "a control character); give another with --name");
  }
  const Result<std::vector<FolderSetup>> records = state.Folders();
  if (!records.ok()) return records.error();
  for (const FolderSetup& record : records.value()) {
    if (record.name == text) {
      return MakeError(ErrorKind::kExists, "there is a folder called '" + text + "' already (" +
                                               record.path + "); give another name with --name");
    }
  }
  return text;
}

// Stores `bytes` and links them in `directory` as its record.
Status WriteRecord(ObjectStore& store, const Cap& directory, const std::string& bytes,
                   std::vector<DirectoryChange> entries) {
  const std::unique_ptr<Batch> batch = store.NewBatch();
  const Cap cap = batch->AddBytes(bytes);
  const Status committed = batch->Commit();
  if (!committed.ok()) return committed;
  entries.push_back({std::string(kMetadataName), cap});
  const Result<std::string> linked = store.Link(directory, entries);
  return linked.ok() ? Status() : Status(linked.error());
}

// A personal directory that states our key.
Status MakeOwnDirectory(ObjectStore& store, FolderSetup& record, const PublicKey& key) {
  const Result<NewDirectory> made = store.CreateDirectory();
  if (!made.ok()) return made.error();
  record.dmd_write_cap = made.value().write_cap;
  record.dmd_read_cap = made.value().read_cap;
  return WriteRecord(store, record.dmd_write_cap, EncodeOwnRecord({key, record.participant}), {});
}

Status MakeCollective(ObjectStore& store, FolderSetup& record, const PublicKey& key) {
  const Result<NewDirectory> made = store.CreateDirectory();
  if (!made.ok()) return made.error();
  record.collective_write_cap = made.value().write_cap;
  record.collective_read_cap = made.value().read_cap;
  CollectiveRecord collective;
  collective.folder = record.name;
  collective.admin = record.participant;
  collective.participants[record.participant].verify_key = key;
  return WriteRecord(store, record.collective_write_cap, EncodeCollectiveRecord(collective),
                     {{record.participant, record.dmd_read_cap}});
}

// The marker and then the record: what makes the root ours.
Status TakeRoot(StateDir& state, FolderSetup& record) {
  const Result<std::uint32_t> number = state.TakeFolderNumber();
  if (!number.ok()) return number.error();
  record.number = number.value();
  Result<Root> root = Root::Open(record.path, {FolderId(record), state.info().state_id});
  if (!root.ok()) return root.error();
  // CheckNewRoot said that what is there may be replaced.
  const Status marked = root.value().CreateMarker(/*take_over=*/true);
  if (!marked.ok()) return marked;
  return state.SaveFolder(record);
}

struct Inbox {
  std::optional<Cap> answer;
  bool closed = false;
};

Result<Inbox> ReadInbox(ObjectStore& store, const Cap& cap) {
  const Result<DirectoryChanges> found = store.ReadDirectoryChanges(cap, "");
  if (!found.ok()) return found.error();
  Inbox inbox;
  for (const DirectoryChange& entry : found.value().entries) {
    if (entry.name == kJoinAnswerName) inbox.answer = entry.cap;
    if (entry.name == kClosedName) inbox.closed = entry.cap.has_value();
  }
  return inbox;
}

Status CloseInbox(ObjectStore& store, const Cap& write_cap) {
  const std::unique_ptr<Batch> batch = store.NewBatch();
  const Cap cap = batch->AddBytes("closed\n");
  const Status committed = batch->Commit();
  if (!committed.ok()) return committed;
  const Result<std::string> linked = store.Link(write_cap, {{kClosedName, cap}});
  return linked.ok() ? Status() : Status(linked.error());
}

struct Collective {
  CollectiveRecord record;
  std::map<std::string, Cap> read_caps;  // by participant
};

Result<Collective> ReadCollective(ObjectStore& store, const Cap& cap) {
  const Result<DirectoryChanges> found = store.ReadDirectoryChanges(cap, "");
  if (!found.ok()) return found.error();
  Collective collective;
  for (const DirectoryChange& entry : found.value().entries) {
    if (!entry.cap) continue;
    if (entry.name != kMetadataName) {
      collective.read_caps[entry.name] = *entry.cap;
      continue;
    }
    const Result<std::string> bytes = store.Get(*entry.cap, kMaxRecordBytes);
    if (!bytes.ok()) return bytes.error();
    Result<CollectiveRecord> record = DecodeCollectiveRecord(bytes.value());
    if (!record.ok()) return record.error();
    collective.record = std::move(record).value();
  }
  return collective;
}

// The valid answer to `invitation`; kInvalid for one that is not.
Result<JoinAnswer> FetchAnswer(ObjectStore& store, const OpenInvitation& invitation,
                               const Cap& answer_cap) {
  const Result<std::string> bytes = store.Get(answer_cap, 64 * 1024);
  if (!bytes.ok()) {
    const bool bad = bytes.error().kind == ErrorKind::kTooLarge;
    return bad ? MakeError(ErrorKind::kInvalid, bytes.error().text) : bytes.error();
  }
  Result<JoinAnswer> answer = DecodeJoinAnswer(bytes.value());
  if (!answer.ok()) return answer;
  if (!VerifyJoinAnswer(answer.value(), invitation.inbox_write_cap)) {
    return MakeError(ErrorKind::kInvalid, "its signature does not verify");
  }
  if (answer.value().name != invitation.participant) {
    return MakeError(ErrorKind::kInvalid, "it is for another participant");
  }
  if (answer.value().dmd_read_cap.empty() != invitation.read_only) {
    return MakeError(ErrorKind::kInvalid, "it does not fit the invitation's rights");
  }
  if (!invitation.read_only) {  // never list a right to write
    Result<Cap> read_cap = store.ReadCapOf(answer.value().dmd_read_cap);
    if (!read_cap.ok()) return read_cap.error();
    answer.value().dmd_read_cap = std::move(read_cap).value();
  }
  return answer;
}

Status LinkJoiner(ObjectStore& store, const FolderSetup& record, const JoinAnswer& answer,
                  bool read_only) {
  Result<Collective> read = ReadCollective(store, record.collective_read_cap);
  if (!read.ok()) return read.error();
  CollectiveRecord& collective = read.value().record;
  const auto known = collective.participants.find(answer.name);
  if (known != collective.participants.end() && known->second.verify_key != answer.key) {
    return MakeError(ErrorKind::kExists, "there is a participant of that name already");
  }
  ParticipantRecord& participant = collective.participants[answer.name];
  participant.verify_key = answer.key;
  participant.read_only = read_only;
  std::vector<DirectoryChange> entries;
  if (!read_only) entries.push_back({answer.name, answer.dmd_read_cap});
  return WriteRecord(store, record.collective_write_cap, EncodeCollectiveRecord(collective),
                     std::move(entries));
}

// Whether the invitation stays open; adds to `joined`.
Result<bool> LookIntoInbox(ObjectStore& store, const FolderSetup& record,
                           const OpenInvitation& invitation, std::int64_t now_s,
                           std::vector<AcceptedJoiner>& joined) {
  const Result<Inbox> inbox = ReadInbox(store, invitation.inbox_read_cap);
  if (!inbox.ok()) return inbox.error();
  if (inbox.value().closed) return false;
  if (now_s >= invitation.expires_s) {
    const Status closed = CloseInbox(store, invitation.inbox_write_cap);
    return closed.ok() ? Result<bool>(false) : Result<bool>(closed.error());
  }
  if (!inbox.value().answer) return true;
  const Result<JoinAnswer> answer = FetchAnswer(store, invitation, *inbox.value().answer);
  Status linked = answer.ok() ? LinkJoiner(store, record, answer.value(), invitation.read_only)
                              : Status(answer.error());
  if (!linked.ok()) {
    const ErrorKind kind = linked.error().kind;
    if (kind == ErrorKind::kInvalid || kind == ErrorKind::kExists) {
      // Refused for good: make room for a valid one.
      const auto removed =
          store.Link(invitation.inbox_write_cap, {{std::string(kJoinAnswerName), std::nullopt}});
      if (!removed.ok()) return removed.error();
    }
    return linked.error();
  }
  joined.push_back({answer.value().name, answer.value().key, invitation.read_only});
  const Status closed = CloseInbox(store, invitation.inbox_write_cap);
  if (!closed.ok()) return closed.error();
  return false;
}

Status CheckInbox(ObjectStore& store, const StateDir& state, const Invitation& invitation) {
  const Result<Inbox> inbox = ReadInbox(store, invitation.inbox_write_cap);
  if (!inbox.ok()) {
    if (inbox.error().kind != ErrorKind::kNotFound) return inbox.error();
    return MakeError(ErrorKind::kNotFound, "the store " + state.info().store_url +
                                               " does not know this folder, which is in " +
                                               invitation.store_hint +
                                               "; use a state directory for that store");
  }
  if (inbox.value().closed || inbox.value().answer) {
    return MakeError(ErrorKind::kExists, "the invitation was used or withdrawn; ask for a new one");
  }
  return Status();
}

// Puts the answer into the inbox, the last thing a joiner does.
Status Answer(ObjectStore& store, const FolderSetup& record, const SigningKey& key,
              const Cap& inbox_write_cap) {
  const std::unique_ptr<Batch> batch = store.NewBatch();
  const Cap cap = batch->AddBytes(EncodeJoinAnswer(
      MakeJoinAnswer(key, inbox_write_cap, record.dmd_read_cap, record.participant)));
  const Status committed = batch->Commit();
  if (!committed.ok()) return committed;
  const Result<std::string> linked =
      store.Link(inbox_write_cap, {{std::string(kJoinAnswerName), cap}});
  if (linked.ok()) return Status();
  const Result<Inbox> inbox = ReadInbox(store, inbox_write_cap);  // an error may hide a success
  return inbox.ok() && inbox.value().answer == cap ? Status() : Status(linked.error());
}

void RemoveMarker(const StateDir& state, const FolderSetup& record) {
  const Result<Root> root = Root::Open(record.path, {FolderId(record), state.info().state_id});
  if (!root.ok() || root.value().Check() != RootStatus::kOk) return;
  const Fd directory(
      ::openat(root.value().fd(), ".kinfolder", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory.ok()) return;
  ::unlinkat(directory.get(), "root.json", 0);
  // What is not empty may hold a file of the user's: it stays.
  ::unlinkat(directory.get(), "tmp", AT_REMOVEDIR);
  ::unlinkat(root.value().fd(), ".kinfolder", AT_REMOVEDIR);
}

}  // namespace

Result<std::string> ParticipantName(const std::string& name) {
  const Result<std::string> nfc = ToNfc(name);
  const Status good = nfc.ok() ? CheckParticipantName(nfc.value()) : Status(nfc.error());
  if (good.ok()) return nfc;
  return MakeError(ErrorKind::kInvalid,
                   "'" + name + "' can't name a participant: " + good.error().text);
}

std::string DefaultParticipantName() {
  char host[256] = {};
  if (::gethostname(host, sizeof host - 1) != 0) return "machine";
  std::string name = host;
  name.resize(std::min(name.find('.'), name.size()));
  for (char& c : name) {
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f ||
        c == '/') {
      c = '-';
    }
  }
  name.resize(std::min<std::size_t>(name.size(), 64));
  return CheckParticipantName(name).ok() ? name : "machine";
}

Result<FolderSetup> CreateFolder(StateDir& state, ObjectStore& store, const NewFolder& wanted) {
  const Result<std::string> root = CheckNewRoot(state, wanted.path, wanted.take_over);
  if (!root.ok()) return root.error();
  const Result<std::string> name = FolderName(state, wanted.name, root.value());
  if (!name.ok()) return name.error();
  const Result<std::string> participant =
      ParticipantName(wanted.participant.empty() ? DefaultParticipantName() : wanted.participant);
  if (!participant.ok()) return participant.error();

  const SigningKey key = SigningKey::Generate();
  FolderSetup record;
  record.name = name.value();
  record.path = root.value();
  record.participant = participant.value();
  record.key_seed = key.Seed();
  record.admin_key = key.public_key();
  Status done = MakeOwnDirectory(store, record, key.public_key());
  if (done.ok()) done = MakeCollective(store, record, key.public_key());
  if (done.ok()) done = TakeRoot(state, record);
  if (!done.ok()) return done.error();
  return record;
}

Result<std::string> MakeInvitation(StateDir& state, ObjectStore& store, const std::string& folder,
                                   const std::string& participant, bool read_only,
                                   std::int64_t expires_s) {
  Result<FolderSetup> found = state.FindFolder(folder);
  if (!found.ok()) return found.error();
  FolderSetup& record = found.value();
  if (!record.admin()) {
    return MakeError(ErrorKind::kPermission, "only the folder's admin can invite; ask there");
  }
  const Result<std::string> name = ParticipantName(participant);
  if (!name.ok()) return name.error();
  const Result<Collective> collective = ReadCollective(store, record.collective_read_cap);
  if (!collective.ok()) return collective.error();
  const auto same = [&](const OpenInvitation& open) { return open.participant == name.value(); };
  if (collective.value().read_caps.contains(name.value()) ||
      collective.value().record.participants.contains(name.value()) ||
      std::any_of(record.invitations.begin(), record.invitations.end(), same)) {
    return MakeError(ErrorKind::kExists, "'" + name.value() +
                                             "' takes part or is invited already; "
                                             "choose another name");
  }
  const Result<NewDirectory> inbox = store.CreateDirectory();
  if (!inbox.ok()) return inbox.error();
  record.invitations.push_back(
      {name.value(), inbox.value().write_cap, inbox.value().read_cap, expires_s, read_only});
  const Status saved = state.SaveFolder(record);
  if (!saved.ok()) return saved.error();
  return EncodeInvitation({state.info().store_url, record.collective_read_cap,
                           inbox.value().write_cap, record.admin_key, record.name, name.value(),
                           read_only, expires_s});
}

Result<FolderSetup> JoinFolder(StateDir& state, ObjectStore& store,
                               const std::string& invitation_text, const NewFolder& wanted,
                               std::int64_t now_s) {
  const Result<Invitation> decoded = DecodeInvitation(invitation_text);
  if (!decoded.ok()) return decoded.error();
  const Invitation& invitation = decoded.value();
  if (IsExpired(invitation, now_s)) {
    return MakeError(ErrorKind::kInvalid, "the invitation has expired; ask for a new one");
  }
  if (!wanted.participant.empty() && wanted.participant != invitation.participant_name) {
    return MakeError(ErrorKind::kInvalid, "the invitation is for '" + invitation.participant_name +
                                              "'; join as that, or ask for another one");
  }
  const Result<std::string> root = CheckNewRoot(state, wanted.path, wanted.take_over);
  if (!root.ok()) return root.error();
  const Result<std::string> name =
      FolderName(state, wanted.name.empty() ? invitation.folder_name : wanted.name, root.value());
  if (!name.ok()) return name.error();
  const Status usable = CheckInbox(store, state, invitation);
  if (!usable.ok()) return usable.error();

  const SigningKey key = SigningKey::Generate();
  FolderSetup record;
  record.name = name.value();
  record.path = root.value();
  record.participant = invitation.participant_name;
  record.key_seed = key.Seed();
  record.admin_key = invitation.admin_key;
  record.collective_read_cap = invitation.collective_read_cap;
  record.read_only = invitation.read_only;
  Status done;
  if (!record.read_only) done = MakeOwnDirectory(store, record, key.public_key());
  if (done.ok()) done = TakeRoot(state, record);
  if (!done.ok()) return done.error();
  done = Answer(store, record, key, invitation.inbox_write_cap);
  if (!done.ok()) {
    // Not known to anybody yet, so it can go as if it had never been.
    RemoveMarker(state, record);
    const Status removed = state.RemoveFolder(record.number);
    return removed.ok() ? done.error() : removed.error();
  }
  return record;
}

Status LeaveFolder(StateDir& state, const std::string& folder) {
  const Result<FolderSetup> record = state.FindFolder(folder);
  if (!record.ok()) return record.error();
  RemoveMarker(state, record.value());
  return state.RemoveFolder(record.value().number);
}

Acceptance AcceptJoiners(ObjectStore& store, const FolderSetup& record, std::int64_t now_s) {
  CHECK(record.admin());
  Acceptance acceptance;
  for (const OpenInvitation& invitation : record.invitations) {
    const Result<bool> open = LookIntoInbox(store, record, invitation, now_s, acceptance.joined);
    if (!open.ok()) {
      acceptance.problems.push_back("the answer of '" + invitation.participant +
                                    "' can't be taken: " + open.error().text);
    }
    if (!open.ok() || open.value()) acceptance.left.push_back(invitation);
  }
  return acceptance;
}

Result<std::vector<Member>> ReadMembers(ObjectStore& store, const Cap& collective_cap) {
  const Result<Collective> read = ReadCollective(store, collective_cap);
  if (!read.ok()) return read.error();
  std::map<std::string, Member> members;
  for (const auto& [name, cap] : read.value().read_caps) members[name].dmd_read_cap = cap;
  for (const auto& [name, said] : read.value().record.participants) {
    Member& member = members[name];
    if (member.dmd_read_cap.empty()) member.dmd_read_cap = said.read_cap;
    member.key = said.verify_key;
    member.retired = said.retired;
    member.read_only = said.read_only;
    member.admin = name == read.value().record.admin;
  }
  std::vector<Member> list;
  for (auto& [name, member] : members) {
    member.name = name;
    list.push_back(std::move(member));
  }
  return list;
}

}  // namespace kinfolder

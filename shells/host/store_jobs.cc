// Directories and snapshots; contents are in store_contents.cc.
#include "shells/host/store_jobs.h"

#include <fcntl.h>

#include <map>
#include <string_view>
#include <utility>

#include "shells/grid/mangling.h"
#include "shells/host/convert.h"
#include "shells/posix/fd.h"

namespace kinfolder {

namespace {

using StoreEntry = decltype(DirectoryChanges::entries)::value_type;

// --- uploading ---

// An item whose parts are known to be good, so that it can't spoil the batch of the others.
struct Prepared {
  std::size_t index = 0;
  std::string metadata;
  std::shared_ptr<const std::string> bytes;  // of a content that is added from memory
};

UploadResult UploadFailed(const Error& error) {
  const StoreFailure failure = ToStoreFailure(error);
  UploadResult result;
  result.outcome = failure.outcome;
  result.reason = failure.reason;
  return result;
}

Result<Prepared> Prepare(StagingArea& staging, const UploadItem& item, std::size_t index) {
  Prepared prepared;
  prepared.index = index;
  Result<std::string> metadata = EncodeMetadata(item.metadata);
  if (!metadata.ok()) return metadata.error();
  prepared.metadata = std::move(metadata).value();
  if (!item.content || !item.content->cap.empty()) return prepared;
  prepared.bytes = item.content->bytes;
  if (prepared.bytes != nullptr || !item.content->staged) {
    if (prepared.bytes == nullptr)
      return MakeError(ErrorKind::kNotFound, "the content is not kept here any more");
    return prepared;
  }
  if (!staging.WholeFile(*item.content->staged).empty()) return prepared;
  Result<std::string> bytes = staging.ReadAll(*item.content->staged);
  if (!bytes.ok()) return bytes.error();
  prepared.bytes = std::make_shared<const std::string>(std::move(bytes).value());
  return prepared;
}

Result<Cap> AddContent(Batch& batch, StagingArea& staging, const ContentPlace& place,
                       const Prepared& prepared) {
  if (!place.cap.empty()) return place.cap;
  if (prepared.bytes != nullptr) return batch.AddBytes(*prepared.bytes);
  const std::string file = staging.WholeFile(*place.staged);
  const std::size_t slash = file.rfind('/');
  const Fd directory(RetryEintr(
      [&] { return ::open(file.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); }));
  if (!directory.ok()) return ErrnoError(errno, "the staged content can't be opened");
  return batch.AddStagedFile(directory.get(), file.substr(slash + 1), place.size, place.sha256);
}

std::vector<UploadResult> UploadPrepared(ObjectStore& store, StagingArea& staging,
                                         const SigningKey& key,
                                         const std::vector<UploadItem>& items,
                                         const std::vector<Prepared>& prepared) {
  std::vector<UploadResult> results(items.size());
  const std::unique_ptr<Batch> batch = store.NewBatch();
  std::map<Digest, Cap> added;  // equal contents are stored once
  for (const Prepared& ready : prepared) {
    const UploadItem& item = items[ready.index];
    UploadResult& result = results[ready.index];
    if (item.content) {
      const auto found = added.find(item.content->sha256);
      if (found != added.end()) {
        result.content = found->second;
      } else {
        const Result<Cap> cap = AddContent(*batch, staging, *item.content, ready);
        if (!cap.ok()) continue;  // Commit says why
        result.content = cap.value();
        added[item.content->sha256] = result.content;
      }
    }
    SnapshotParts parts;
    if (item.content) parts.content = result.content;
    parts.metadata = batch->AddBytes(ready.metadata);
    parts.signature = SignSnapshot(key, result.content, parts.metadata, item.metadata.relpath);
    parts.mtime_s = item.metadata.modification_time_s;
    parts.ctime_s = item.metadata.extras.created_ns / 1'000'000'000;
    result.snapshot = batch->AddDirectory(SnapshotDirectory(parts));
    result.rank = RankOf(result.snapshot);
    result.outcome = Outcome::kDone;
  }
  const Status committed = batch->Commit();
  if (committed.ok()) return results;
  for (const Prepared& ready : prepared) results[ready.index] = UploadFailed(committed.error());
  return results;
}

// --- snapshots ---

FetchResult Refused(Reason reason) {
  FetchResult result;
  result.outcome = Outcome::kRefused;
  result.reason = reason;
  return result;
}

FetchResult FetchFailed(const Error& error) {
  const StoreFailure failure = ToStoreFailure(error);
  FetchResult result;
  result.outcome = failure.outcome == Outcome::kUnclear ? Outcome::kFailed : failure.outcome;
  result.reason = failure.reason;
  return result;
}

// A snapshot that does not say its version: the content is read once to learn it.
Status LearnVersion(ObjectReader& store, FetchResult& result) {
  if (result.content.empty()) return Status();
  Sha256 hash;
  const Status read = store.GetTo(result.content, [&](std::string_view piece) {
    hash.Update(piece);
    result.size += piece.size();
    return Status();
  });
  if (!read.ok()) return read;
  result.kind = Kind::kFile;
  result.sha256 = hash.Finish();
  return Status();
}

// False: the extras contradict what the snapshot holds.
bool TakeExtras(FetchResult& result) {
  const SnapshotExtras& extras = result.metadata.extras;
  result.kind = ToKind(extras.kind);
  const bool has_content = result.kind == Kind::kFile || result.kind == Kind::kLink;
  if (has_content == result.content.empty()) return false;
  result.exec = result.kind == Kind::kFile && extras.exec;
  if (has_content) {
    result.sha256 = extras.sha256;
    result.size = extras.size;
  }
  return true;
}

FetchResult FetchOne(ObjectReader& store, const Cap& cap) {
  const Result<std::vector<DirectoryChild>> children = store.ReadDirectory(cap);
  if (!children.ok()) return FetchFailed(children.error());
  const Result<SnapshotParts> parts = ParseSnapshotDirectory(children.value());
  if (!parts.ok()) return Refused(Reason::kCorrupt);
  const Result<std::string> bytes = store.Get(parts.value().metadata, kMaxMetadataBytes);
  if (!bytes.ok()) return FetchFailed(bytes.error());
  Result<SnapshotMetadata> metadata = DecodeMetadata(bytes.value());
  if (!metadata.ok()) return Refused(Reason::kCorrupt);
  FetchResult result;
  result.metadata = std::move(metadata).value();
  result.content = parts.value().content.value_or(Cap());
  if (!VerifySnapshot(result.metadata, result.content, parts.value().metadata,
                      parts.value().signature))
    return Refused(Reason::kSignature);
  Result<std::string> path = ToWirePath(result.metadata.relpath);
  if (!path.ok()) return Refused(Reason::kOutside);
  result.path = std::move(path).value();
  result.rank = RankOf(cap);
  if (result.metadata.has_extras) {
    if (!TakeExtras(result)) return Refused(Reason::kCorrupt);
  } else {
    const Status learned = LearnVersion(store, result);
    if (!learned.ok()) return FetchFailed(learned.error());
  }
  result.outcome = Outcome::kDone;
  return result;
}

}  // namespace

std::uint64_t RankOf(const Cap& cap) {
  const Digest digest = Sha256Of(cap);
  std::uint64_t rank = 0;
  for (std::size_t i = 0; i < 8; ++i) rank = (rank << 8) | digest[i];
  return rank;
}

std::vector<UploadResult> UploadMany(ObjectStore& store, StagingArea& staging,
                                     const SigningKey& key, const std::vector<UploadItem>& items) {
  std::vector<UploadResult> results(items.size());
  std::vector<Prepared> prepared;
  for (std::size_t i = 0; i < items.size(); ++i) {
    Result<Prepared> ready = Prepare(staging, items[i], i);
    if (ready.ok()) {
      prepared.push_back(std::move(ready).value());
    } else {
      results[i] = UploadFailed(ready.error());
      if (results[i].outcome == Outcome::kUnclear) results[i].outcome = Outcome::kFailed;
      if (ready.error().kind == ErrorKind::kNotFound) results[i].outcome = Outcome::kRefused;
    }
  }
  std::vector<UploadResult> uploaded = UploadPrepared(store, staging, key, items, prepared);
  for (const Prepared& ready : prepared) results[ready.index] = std::move(uploaded[ready.index]);
  return results;
}

SimpleResult WriteEntries(ObjectStore& store, const Cap& write_cap,
                          const std::vector<PathEntry>& entries) {
  std::vector<StoreEntry> links;
  links.reserve(entries.size());
  for (const PathEntry& entry : entries) {
    StoreEntry link;
    link.name = MangledName(entry.path);
    if (!entry.cap.empty()) link.cap = entry.cap;
    links.push_back(std::move(link));
  }
  const Result<std::string> linked = store.Link(write_cap, links);
  if (linked.ok()) return {Outcome::kDone, Reason::kNone};
  StoreFailure failure = ToStoreFailure(linked.error());
  if (failure.outcome == Outcome::kRefused) failure.outcome = Outcome::kFailed;
  return {failure.outcome, failure.reason};
}

EntriesResult ReadEntries(ObjectStore& store, const Cap& cap, const std::string& known_version) {
  EntriesResult result;
  Result<DirectoryChanges> changes = store.ReadDirectoryChanges(cap, known_version);
  if (!changes.ok()) {
    result.reason = ToStoreFailure(changes.error()).reason;
    return result;
  }
  result.whole = changes.value().whole;
  result.version = std::move(changes.value().version);
  result.entries.reserve(changes.value().entries.size());
  for (const StoreEntry& entry : changes.value().entries) {
    if (entry.name == kMetadataName) {
      if (!entry.cap) continue;
      const Result<std::string> bytes = store.Get(*entry.cap, kMaxRecordBytes);
      if (!bytes.ok()) {
        // Whole or not at all: who signs is needed to judge the entries.
        result.reason = ToStoreFailure(bytes.error()).reason;
        if (bytes.error().kind == ErrorKind::kUnavailable) return result;
        continue;
      }
      const Result<OwnRecord> record = DecodeOwnRecord(bytes.value());
      if (record.ok()) result.about = record.value();
      continue;
    }
    Result<std::string> path = PathFromMangledName(entry.name);
    if (path.ok()) result.entries.push_back({std::move(path).value(), entry.cap.value_or(Cap())});
  }
  result.outcome = Outcome::kDone;
  result.reason = Reason::kNone;
  return result;
}

CollectiveResult ReadCollectiveOf(ObjectStore& store, const Cap& read_cap) {
  CollectiveResult result;
  const Result<std::vector<Member>> members = ReadMembers(store, read_cap);
  if (!members.ok()) {
    result.reason = ToStoreFailure(members.error()).reason;
    return result;
  }
  for (const Member& member : members.value()) {
    if (member.admin) result.admin = member.name;
    result.members.push_back(
        {member.name, member.dmd_read_cap, member.key, member.retired, member.read_only});
  }
  result.outcome = Outcome::kDone;
  return result;
}

std::vector<FetchResult> FetchMany(ObjectStore& store, const std::vector<Cap>& caps) {
  std::vector<FetchResult> results;
  results.reserve(caps.size());
  const std::unique_ptr<ObjectReader> reader = store.NewReader();
  for (const Cap& cap : caps) results.push_back(FetchOne(*reader, cap));
  return results;
}

namespace {

bool IsGone(Outcome outcome, Reason reason) {
  return outcome == Outcome::kRefused || reason == Reason::kNotFound || reason == Reason::kCorrupt;
}

// Whether something is stored under the capability. No more than its first piece is read.
StoreFailure LookFor(ObjectStore& store, const Cap& cap) {
  bool seen = false;
  const Status read = store.GetTo(cap, [&](std::string_view) -> Status {
    if (!seen) {
      seen = true;
      return Status();
    }
    return MakeError(ErrorKind::kTooLarge, "enough was read");
  });
  if (read.ok() || (seen && read.error().kind == ErrorKind::kTooLarge))
    return {Outcome::kDone, Reason::kNone};
  return ToStoreFailure(read.error());
}

// What was found out about it, as an answer.
void Answer(Outcome outcome, Reason reason, CheckResult* result) {
  result->outcome = IsGone(outcome, reason) ? Outcome::kRefused : outcome;
  if (result->outcome == Outcome::kUnclear) result->outcome = Outcome::kFailed;
  result->reason = reason;
}

CheckResult CheckOne(ObjectStore& store, const CheckItem& item) {
  CheckResult result;
  const FetchResult snapshot = FetchOne(store, item.snapshot);
  Answer(snapshot.outcome, snapshot.reason, &result);
  if (!item.has_content || result.outcome == Outcome::kFailed) return result;
  // The same content may be stored twice, by two participants.
  if (!item.content.empty()) {
    const StoreFailure ours = LookFor(store, item.content);
    result.content_is_gone = IsGone(ours.outcome, ours.reason);
  }
  if (result.outcome != Outcome::kDone) return result;
  const StoreFailure its = LookFor(store, snapshot.content);
  Answer(its.outcome, its.reason, &result);
  if (its.outcome == Outcome::kDone) result.content = snapshot.content;
  return result;
}

}  // namespace

std::vector<CheckResult> CheckMany(ObjectStore& store, const std::vector<CheckItem>& items) {
  std::vector<CheckResult> results;
  results.reserve(items.size());
  for (const CheckItem& item : items) results.push_back(CheckOne(store, item));
  return results;
}

}  // namespace kinfolder

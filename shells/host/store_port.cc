// Uploads, downloads and snapshots; directories are in store_port_directories.cc.
#include "shells/host/store_port.h"

#include <set>
#include <utility>

#include "core/base/check.h"
#include "shells/host/convert.h"

namespace kinfolder {

namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

std::int64_t FloorSeconds(std::int64_t ns) {
  std::int64_t seconds = ns / kNsPerSecond;
  if (ns % kNsPerSecond < 0) --seconds;
  return seconds;
}

bool HasContent(Kind kind) { return kind == Kind::kFile || kind == Kind::kLink; }

}  // namespace

StorePort::StorePort(HostParts& parts) : parts_(parts) {}

void StorePort::Pump() {
  while (uploads_.MayStart()) RunUploads();
  while (fetches_.MayStart()) RunFetches();
  while (checks_.MayStart()) RunChecks();
  if (parts_.disk == nullptr) {
    for (const StageTarget& effect : stages_.TakeWaiting()) {
      Staged failed;
      failed.id = effect.id;
      failed.reason = Reason::kRootMissing;
      parts_.feed(failed);
    }
  }
  while (stages_.MayStart()) RunStages();
}

// --- uploading ---

UploadItem StorePort::MakeUpload(const Upload& effect) const {
  const Node* node = parts_.state().dag.Find(effect.snapshot);
  CHECK(node != nullptr);
  UploadItem item;
  SnapshotMetadata& metadata = item.metadata;
  metadata.relpath = parts_.tables.names().WirePath(effect.path);
  metadata.author_name = parts_.setup.participant;
  metadata.author_key = parts_.key->public_key();
  metadata.modification_time_s = FloorSeconds(node->mtime_ns);
  for (const SnapshotId parent : node->parents) {
    const Cap* cap = parts_.tables.CapOf(parent);
    CHECK(cap != nullptr);  // parents are there
    metadata.parents.push_back(*cap);
  }
  metadata.has_extras = true;
  SnapshotExtras& extras = metadata.extras;
  extras.kind = ToSnapshotKind(node->version.kind);
  extras.exec = node->version.exec;
  extras.mtime_ns = node->mtime_ns;
  extras.created_ns = node->created_ms * 1'000'000;
  extras.generation = node->generation;
  extras.approved = node->approved;
  if (HasContent(node->version.kind)) {
    item.content = parts_.PlaceOf(node->version.content);
    extras.sha256 = item.content->sha256;
    extras.size = item.content->size;
  }
  return item;
}

void StorePort::RunUploads() {
  const auto bytes_of = [this](const Upload& effect) {
    const Node* node = parts_.state().dag.Find(effect.snapshot);
    return node == nullptr ? std::uint64_t{0} : node->size;
  };
  auto chunk = std::make_shared<std::vector<Upload>>(uploads_.Start(bytes_of));
  auto items = std::make_shared<std::vector<UploadItem>>();
  for (const Upload& effect : *chunk) items->push_back(MakeUpload(effect));
  parts_.Run(
      parts_.content_workers,
      [store = parts_.store, staging = parts_.staging, key = parts_.key, items] {
        return UploadMany(*store, *staging, *key, *items);
      },
      [this, chunk, items](const std::vector<UploadResult>& results) {
        uploads_.Ended();
        for (std::size_t i = 0; i < chunk->size(); ++i)
          OnUploaded((*chunk)[i], (*items)[i], results[i]);
        Pump();
      });
}

void StorePort::OnUploaded(const Upload& effect, const UploadItem& item,
                           const UploadResult& result) {
  NoteLink(result.outcome, result.reason);
  if (result.outcome == Outcome::kDone) {
    parts_.tables.SetCap(effect.snapshot, result.snapshot);
    if (item.content && item.content->cap.empty()) {
      const ContentId content = parts_.tables.ContentOf(item.content->sha256, item.content->size);
      parts_.tables.SetContentCap(content, result.content);
    }
  }
  parts_.feed(Uploaded{effect.id, result.outcome, result.rank, result.reason});
}

// --- bringing contents beside the folder ---

void StorePort::RunStages() {
  const auto bytes_of = [this](const StageTarget& effect) {
    return HasContent(effect.version.kind) ? parts_.tables.Content(effect.version.content).size
                                           : std::uint64_t{0};
  };
  std::vector<StageTarget> chunk = stages_.Start(bytes_of);
  std::vector<StageItem> items;
  for (const StageTarget& e : chunk) {
    StageItem item;
    item.path = parts_.tables.names().DiskPathOf(e.path);
    item.number = e.id | HostParts::kStagedBit;
    item.kind = e.version.kind;
    item.exec = e.version.exec;
    item.mtime_ns = e.mtime_ns;
    if (HasContent(e.version.kind)) item.content = parts_.PlaceOf(e.version.content);
    items.push_back(std::move(item));
  }
  const SpaceLimit keep_free{parts_.options.min_free_bytes, parts_.options.min_free_percent};
  parts_.Run(
      parts_.content_workers,
      [disk = parts_.disk, store = parts_.store, staging = parts_.staging, keep_free,
       items = std::move(items)] { return StageMany(*disk, *store, *staging, keep_free, items); },
      [this, chunk = std::move(chunk)](const std::vector<StageResult>& results) {
        stages_.Ended();
        for (std::size_t i = 0; i < chunk.size(); ++i) {
          const std::uint64_t token = chunk[i].id | HostParts::kStagedBit;
          NoteLink(results[i].outcome, results[i].reason);
          parts_.feed(
              Staged{chunk[i].id, results[i].outcome, token, results[i].stat, results[i].reason});
        }
        Pump();
      });
}

// --- snapshots ---

ParticipantId StorePort::AuthorOf(const SnapshotMetadata& metadata) {
  Tables& tables = parts_.tables;
  const ParticipantId known = tables.PersonByKey(metadata.author_key);
  if (known) return known;
  // A participant that nobody lists a key of: the first one it signs with is pinned.
  const ParticipantId named = tables.FindPerson(metadata.author_name);
  if (!named || named == kSelf || tables.Person(named).key) return ParticipantId{};
  tables.SetKey(named, metadata.author_key);
  return named;
}

Outcome StorePort::TakeSnapshot(const FetchResult& fetched, SnapshotFacts* facts, Reason* reason) {
  Tables& tables = parts_.tables;
  const Result<PathId> path = tables.names().InsertPath(fetched.path);
  if (!path.ok()) {
    *reason = Reason::kOutside;
    return Outcome::kRefused;
  }
  facts->author = AuthorOf(fetched.metadata);
  if (!facts->author) {
    // Somebody may have joined since the collective was read.
    *reason = Reason::kUnknownAuthor;
    parts_.feed(StoreChanged{});
    return Outcome::kFailed;
  }
  facts->path = path.value();
  facts->version.kind = fetched.kind;
  facts->version.exec = fetched.exec;
  if (HasContent(fetched.kind)) {
    facts->version.content = tables.ContentOf(fetched.sha256, fetched.size);
    if (tables.Content(facts->version.content).cap.empty())
      tables.SetContentCap(facts->version.content, fetched.content);
  }
  facts->size = fetched.size;
  facts->rank = fetched.rank;
  const SnapshotMetadata& metadata = fetched.metadata;
  if (metadata.has_extras) {
    facts->generation = metadata.extras.generation;
    facts->created_ms = metadata.extras.created_ns / 1'000'000;
    facts->mtime_ns = metadata.extras.mtime_ns;
    facts->approved = metadata.extras.approved;
  } else {
    constexpr std::int64_t kMostSeconds = INT64_MAX / kNsPerSecond;
    const std::int64_t seconds =
        std::clamp(metadata.modification_time_s, -kMostSeconds, kMostSeconds);
    facts->created_ms = seconds * 1000;
    facts->mtime_ns = seconds * kNsPerSecond;
  }
  std::set<SnapshotId> parents;
  for (const Cap& cap : metadata.parents) parents.insert(tables.SnapshotOf(cap));
  facts->parents.assign(parents.begin(), parents.end());
  return Outcome::kDone;
}

void StorePort::RunFetches() {
  std::vector<FetchSnapshot> chunk = fetches_.Start();
  std::vector<Cap> caps;
  for (const FetchSnapshot& e : chunk) {
    const Cap* cap = parts_.tables.CapOf(e.snapshot);
    caps.push_back(cap == nullptr ? Cap() : *cap);
  }
  parts_.Run(
      parts_.content_workers,
      [store = parts_.store, caps = std::move(caps)] { return FetchMany(*store, caps); },
      [this, chunk = std::move(chunk)](const std::vector<FetchResult>& results) {
        fetches_.Ended();
        for (std::size_t i = 0; i < chunk.size(); ++i) {
          SnapshotFetched answer;
          answer.id = chunk[i].id;
          answer.snapshot = chunk[i].snapshot;
          answer.outcome = results[i].outcome;
          answer.reason = results[i].reason;
          NoteLink(answer.outcome, answer.reason);
          if (answer.outcome == Outcome::kDone)
            answer.outcome = TakeSnapshot(results[i], &answer.facts, &answer.reason);
          parts_.feed(std::move(answer));
        }
        Pump();
      });
}

void StorePort::RunChecks() {
  std::vector<CheckStored> chunk = checks_.Start();
  std::vector<CheckItem> items;
  std::vector<ContentId> contents;
  for (const CheckStored& e : chunk) {
    CheckItem item;
    if (const Cap* cap = parts_.tables.CapOf(e.snapshot); cap != nullptr) item.snapshot = *cap;
    const Node* node = e.content ? parts_.state().dag.Find(e.snapshot) : nullptr;
    contents.push_back(node == nullptr ? ContentId{} : node->version.content);
    item.has_content = static_cast<bool>(contents.back());
    if (item.has_content) item.content = parts_.tables.Content(contents.back()).cap;
    items.push_back(std::move(item));
  }
  parts_.Run(
      parts_.content_workers,
      [store = parts_.store, items = std::move(items)] { return CheckMany(*store, items); },
      [this, chunk = std::move(chunk),
       contents = std::move(contents)](const std::vector<CheckResult>& results) {
        checks_.Ended();
        for (std::size_t i = 0; i < chunk.size(); ++i) {
          NoteLink(results[i].outcome, results[i].reason);
          const bool unknown = contents[i] && parts_.tables.Content(contents[i]).cap.empty();
          if (results[i].content_is_gone || (unknown && !results[i].content.empty()))
            parts_.tables.SetContentCap(contents[i], results[i].content);
          parts_.feed(StoredChecked{chunk[i].id, results[i].outcome, results[i].reason});
        }
        Pump();
      });
}

}  // namespace kinfolder

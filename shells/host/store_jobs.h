// Store jobs: what the host does with a store, many things at a time, on worker threads.
//
// Plain values in and out: capabilities, digests, wire paths; no ids and no tables. Every call may
// block for as long as the store does.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/agent/facts.h"
#include "core/model/version.h"
#include "shells/grid/records.h"
#include "shells/grid/snapshot_codec.h"
#include "shells/host/disk_jobs.h"
#include "shells/host/host_api.h"
#include "shells/posix/staging.h"
#include "shells/setup/folders.h"
#include "shells/store/object_store.h"

namespace kinfolder {

// Where a content can be had; the first that is there counts.
struct ContentPlace {
  Digest sha256 = {};
  std::uint64_t size = 0;
  std::shared_ptr<const std::string> bytes;
  std::optional<StagedRef> staged;
  Cap cap;
};

// --- uploading ---
struct UploadItem {
  std::optional<ContentPlace> content;  // none: a delete or a directory
  SnapshotMetadata metadata;
};
struct UploadResult {
  Outcome outcome = Outcome::kFailed;
  Reason reason = Reason::kNone;
  Cap snapshot;
  Cap content;
  std::uint64_t rank = 0;
};
// All in one batch of the store, signed with `key`.
std::vector<UploadResult> UploadMany(ObjectStore& store, StagingArea& staging,
                                     const SigningKey& key, const std::vector<UploadItem>& items);

// The first eight bytes of a capability's hash: an order that all machines share.
std::uint64_t RankOf(const Cap& cap);

// --- personal directories ---
struct PathEntry {
  std::string path;  // a wire path
  Cap cap;           // empty: the entry is gone
};
SimpleResult WriteEntries(ObjectStore& store, const Cap& write_cap,
                          const std::vector<PathEntry>& entries);

struct EntriesResult {
  Outcome outcome = Outcome::kFailed;
  Reason reason = Reason::kNone;
  bool whole = false;
  std::string version;
  std::vector<PathEntry> entries;  // names that are no wire paths are left out
  std::optional<OwnRecord> about;  // what its owner says of itself, if that was read
};
EntriesResult ReadEntries(ObjectStore& store, const Cap& cap, const std::string& known_version);

// --- the collective ---
struct MemberFacts {
  std::string name;
  Cap read_cap;  // empty: publishes nothing
  std::optional<PublicKey> key;
  bool retired = false;
  bool read_only = false;
};
struct CollectiveResult {
  Outcome outcome = Outcome::kFailed;
  Reason reason = Reason::kNone;
  std::string admin;
  std::vector<MemberFacts> members;  // also this machine
};
CollectiveResult ReadCollectiveOf(ObjectStore& store, const Cap& read_cap);

// --- snapshots ---
struct FetchResult {
  Outcome outcome = Outcome::kFailed;
  Reason reason = Reason::kNone;
  SnapshotMetadata metadata;
  std::string path;  // the metadata's, as a wire path
  Cap content;       // empty: none
  // The version and the size of the content, for snapshots of every origin.
  Kind kind = Kind::kDeleted;
  Digest sha256 = {};
  std::uint64_t size = 0;
  bool exec = false;
  std::uint64_t rank = 0;
};
std::vector<FetchResult> FetchMany(ObjectStore& store, const std::vector<Cap>& caps);

// Whether a snapshot is still in the store, and its content, if asked for. Of a large
// content only the first pieces are read to find that out.
struct CheckItem {
  Cap snapshot;
  bool has_content = false;  // and it is asked for, too
  Cap content;               // where we would say that it is; empty: we know of none
};
struct CheckResult {
  Outcome outcome = Outcome::kFailed;  // kRefused: it is not there, or damaged
  Reason reason = Reason::kNone;
  bool content_is_gone = false;  // the one of the item
  Cap content;                   // the snapshot's own, if that was asked for and is there
};
std::vector<CheckResult> CheckMany(ObjectStore& store, const std::vector<CheckItem>& items);

// --- contents ---
struct StageItem {
  DiskPath path;
  std::uint64_t number = 0;  // its name in tmp
  Kind kind = Kind::kFile;
  bool exec = false;
  std::int64_t mtime_ns = 0;
  std::optional<ContentPlace> content;  // none: a directory
};
struct StageResult {
  Outcome outcome = Outcome::kFailed;
  Reason reason = Reason::kNone;
  Stat stat;
};
struct SpaceLimit {
  std::uint64_t bytes = 0;
  double percent = 0;
};
// Verified and durable. What would leave less space than `keep_free`, by the size that is claimed
// for it, is not fetched (kDiskFull); the others are.
std::vector<StageResult> StageMany(DiskSide& disk, ObjectStore& store, StagingArea& staging,
                                   const SpaceLimit& keep_free,
                                   const std::vector<StageItem>& items);

// Writes a content, verified, to `fd`. After an error a part may have been written.
Status WriteContentTo(ObjectStore& store, StagingArea& staging, const ContentPlace& place, int fd);

}  // namespace kinfolder

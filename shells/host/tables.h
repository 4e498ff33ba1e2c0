// Tables: what the core's dense ids of one folder stand for: names, capabilities, contents, people.
//
// Rows are made when something is first seen and travel to the database with the core's next
// commit (TakePending), so an id in a durable record always has its row. One thread: the loop's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/model/version.h"
#include "shells/grid/directory.h"
#include "shells/grid/hash.h"
#include "shells/grid/keys.h"
#include "shells/names/name_table.h"
#include "shells/posix/staging.h"
#include "shells/state/state_store.h"

namespace kinfolder {

// Tables of the database beside the core's own (RecordKey::Table). Never renumber.
enum class HostTable : std::uint8_t {
  kName = 16,
  kSnapshot = 17,
  kContent = 18,
  kPerson = 19,
};

struct ContentRow {
  Digest sha256 = {};
  std::uint64_t size = 0;
  Cap cap;                          // empty: not in the store, as far as is known
  std::optional<StagedRef> staged;  // where we keep it

  friend bool operator==(const ContentRow&, const ContentRow&) = default;
};

struct PersonRow {
  std::string name;
  std::optional<PublicKey> key;
  Cap read_cap;  // of the personal directory; empty: none yet

  friend bool operator==(const PersonRow&, const PersonRow&) = default;
};

class Tables {
 public:
  explicit Tables(std::uint32_t folder) : folder_(folder) {}

  // Loading: each row of the database whose table is one of HostTable, in any order, then
  // FinishLoading. kCorrupt: not a row of ours; the tables are unusable.
  static bool IsHostTable(std::uint8_t table);
  Status LoadRow(std::uint8_t table, std::uint32_t id, std::string_view row);
  Status FinishLoading();

  // The rows that are new, changed or deleted since the last call.
  std::vector<StateWrite> TakePending();
  bool has_pending();

  NameTable& names() { return names_; }
  const NameTable& names() const { return names_; }

  // --- snapshots ---
  // The id of a snapshot that is in the store; a new one if the capability is new.
  SnapshotId SnapshotOf(const Cap& cap);
  // None if it is not known.
  SnapshotId FindSnapshot(const Cap& cap) const;
  // Null: not in the store, as far as is known.
  const Cap* CapOf(SnapshotId id) const;
  // A snapshot made here is in the store now.
  void SetCap(SnapshotId id, const Cap& cap);

  // --- contents ---
  ContentId ContentOf(const Digest& sha256, std::uint64_t size);
  // REQUIRES: handed out by this table.
  const ContentRow& Content(ContentId id) const;
  void SetContentCap(ContentId id, const Cap& cap);
  void SetStaged(ContentId id, std::optional<StagedRef> staged);
  std::uint32_t content_count() const { return static_cast<std::uint32_t>(contents_.size()); }

  // --- people: kSelf is 1, the others follow ---
  // By name; a new one if the name is new.
  ParticipantId PersonOf(std::string_view name);
  ParticipantId FindPerson(std::string_view name) const;
  ParticipantId PersonByKey(const PublicKey& key) const;
  ParticipantId PersonByReadCap(const Cap& read_cap) const;
  // The one whose name in file names (ParticipantForFileName) is this.
  ParticipantId PersonByFileName(std::string_view written) const;
  const PersonRow& Person(ParticipantId id) const;
  // The name conflict copies are given after the owner of a head. Foreign entries of our own
  // directory are called by our own name.
  const std::string& OwnerName(ParticipantId id) const;
  void SetKey(ParticipantId id, const PublicKey& key);
  void SetReadCap(ParticipantId id, const Cap& cap);
  std::uint32_t person_count() const { return static_cast<std::uint32_t>(people_.size()); }

 private:
  struct DigestHash {
    std::size_t operator()(const Digest& digest) const;
  };
  void Touch(HostTable table, std::uint32_t id);
  std::optional<std::string> EncodeRow(HostTable table, std::uint32_t id) const;

  std::uint32_t folder_;
  NameTable names_;
  std::vector<NameRow> name_rows_;  // loaded ones before FinishLoading, then those to be written
  std::vector<Cap> remote_caps_;    // index = id - 1; ids without kLocalSnapshotBit
  std::unordered_map<std::uint32_t, Cap> local_caps_;
  std::unordered_map<Digest, SnapshotId, DigestHash> by_cap_;  // by the capability's hash
  std::vector<ContentRow> contents_;                           // index = id - 1
  std::unordered_multimap<Digest, ContentId, DigestHash> by_digest_;
  std::vector<PersonRow> people_;  // index = id - 1
  std::map<std::uint8_t, std::set<std::uint32_t>> touched_;
};

}  // namespace kinfolder

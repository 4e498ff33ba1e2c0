// The `@metadata` records: what a participant says of itself in its personal directory, and what
// the admin says of everybody in the collective.
//
// magic-folder writes {"version": 1} there and skips whatever it finds, so Kinfolder's part lives
// under "kinfolder" and may be missing. Decoding takes bytes from strangers. A record does not
// prove who wrote it; the right to write the directory does.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "shells/grid/directory.h"
#include "shells/grid/keys.h"

namespace kinfolder {

inline constexpr std::size_t kMaxRecordBytes = 1024 * 1024;

// In a personal directory.
struct OwnRecord {
  std::optional<PublicKey> verify_key;  // Null: magic-folder's record.
  std::string name;                     // What it calls itself; the collective's name counts.

  friend bool operator==(const OwnRecord&, const OwnRecord&) = default;
};

// One participant as the admin lists it.
struct ParticipantRecord {
  std::optional<PublicKey> verify_key;  // Null: unknown yet (magic-folder lists none).
  bool retired = false;
  bool read_only = false;  // It publishes nothing.
  Cap read_cap;            // Of a retired one's directory, so that its heads are read on.

  friend bool operator==(const ParticipantRecord&, const ParticipantRecord&) = default;
};

// In the collective.
struct CollectiveRecord {
  std::string folder;  // The folder's name; empty when not given.
  std::map<std::string, ParticipantRecord> participants;
  std::string admin;  // The admin's name among the participants; empty when not given.

  friend bool operator==(const CollectiveRecord&, const CollectiveRecord&) = default;
};

// REQUIRES: names and folder are UTF-8, participants' names pass CheckParticipantName.
std::string EncodeOwnRecord(const OwnRecord& record);
std::string EncodeCollectiveRecord(const CollectiveRecord& record);

// kVersion for another version, kTooLarge above kMaxRecordBytes, else kInvalid. magic-folder's
// record decodes to an empty one.
Result<OwnRecord> DecodeOwnRecord(std::string_view bytes);
Result<CollectiveRecord> DecodeCollectiveRecord(std::string_view bytes);

}  // namespace kinfolder

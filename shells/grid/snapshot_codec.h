// Snapshots as they are stored: the metadata bytes, the signature and the directory that joins
// them with the content.
//
// Compatible with magic-folder 24.3.0: the same bytes for the fields it knows; what Kinfolder adds
// lives under "kinfolder", which it ignores. Decoding takes bytes from strangers: bounded, never
// crashing, and a refused snapshot says why. Whether an author may be trusted, and whether the
// path is the one its entry names, is for the caller.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "shells/grid/directory.h"
#include "shells/grid/hash.h"
#include "shells/grid/keys.h"

namespace kinfolder {

inline constexpr std::size_t kMaxMetadataBytes = 1024 * 1024;

enum class SnapshotKind : std::uint8_t { kFile = 1, kLink = 2, kDirectory = 3, kDeleted = 4 };

// Where the bytes were before: the old path and the snapshot that held them there.
struct MovedFrom {
  std::string path;
  Cap cap;

  friend bool operator==(const MovedFrom&, const MovedFrom&) = default;
};

// What magic-folder does not carry. The first three fields and `kind` say the version.
struct SnapshotExtras {
  Digest sha256 = {};      // Of the content, or of a link's target; all zero for a delete.
  std::uint64_t size = 0;  // Bytes of the content.
  SnapshotKind kind = SnapshotKind::kFile;
  bool exec = false;
  std::int64_t mtime_ns = 0;     // Whole time since the epoch, not the fraction.
  std::int64_t created_ns = 0;   // When the snapshot was made, since the epoch.
  std::uint64_t generation = 0;  // A hint only; anybody can lie here.
  std::optional<MovedFrom> moved_from;
  bool approved = false;  // Part of an approved mass delete.

  friend bool operator==(const SnapshotExtras&, const SnapshotExtras&) = default;
};

struct SnapshotMetadata {
  std::string relpath;      // Exactly as written: another author's may be other than NFC.
  std::string author_name;  // NFC. A label only; the key counts.
  PublicKey author_key;
  std::int64_t modification_time_s = 0;  // Seconds since the epoch, rounded down.
  std::vector<Cap> parents;
  bool has_extras = false;  // False: made by magic-folder; `extras` then means nothing.
  SnapshotExtras extras;

  friend bool operator==(const SnapshotMetadata&, const SnapshotMetadata&) = default;
};

// The bytes to store. kInvalid when relpath is no wire path or a text is not UTF-8, kTooLarge above
// kMaxMetadataBytes (too many parents).
Result<std::string> EncodeMetadata(const SnapshotMetadata& metadata);

// kVersion for another snapshot_version, kTooLarge above kMaxMetadataBytes, else kInvalid. The
// relpath is checked to be a wire path once in NFC; it may differ from that form.
Result<SnapshotMetadata> DecodeMetadata(std::string_view bytes);

// What the author signs. `content_cap` is empty for a delete. REQUIRES: no LF in the capabilities.
std::string SnapshotSignedBytes(std::string_view content_cap, std::string_view metadata_cap,
                                std::string_view relpath);

Signature SignSnapshot(const SigningKey& key, std::string_view content_cap,
                       std::string_view metadata_cap, std::string_view relpath);

// Checks against the key inside `metadata`. False also for capabilities that contain LF.
bool VerifySnapshot(const SnapshotMetadata& metadata, std::string_view content_cap,
                    std::string_view metadata_cap, const Signature& signature);

// The two children of a snapshot's directory.
struct SnapshotParts {
  std::optional<Cap> content;  // Null for a delete.
  Cap metadata;
  Signature signature = {};
  std::int64_t mtime_s = 0;  // Written beside the content; readers ignore both.
  std::int64_t ctime_s = 0;  // When the snapshot was made.

  friend bool operator==(const SnapshotParts&, const SnapshotParts&) = default;
};

std::vector<DirectoryChild> SnapshotDirectory(const SnapshotParts& parts);

// kInvalid when one of the two children or the signature is missing or malformed. Further children
// are refused, too. The times are 0 when they are missing or nonsense.
Result<SnapshotParts> ParseSnapshotDirectory(const std::vector<DirectoryChild>& children);

}  // namespace kinfolder

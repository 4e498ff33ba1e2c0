// NameTable: the one place where a path's name and its PathId meet.
//
// A tree of components, for files and directories alike; PathId{0} is the root. Ids are dense, in
// first-seen order, never reused. On the wire a component is the NFC of what the disk holds; a
// name that is spelled otherwise on disk (NFD) keeps its bytes there and both are remembered.
// Comparison is by component, never by a prefix of a path's text: "photos" is no parent of
// "photos-backup". Not thread-safe: one thread only. Knows nothing of what is really on the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "shells/names/disk_path.h"

namespace kinfolder {

// The agent's own directory in a folder's root. Never listed, never a path of the folder.
inline constexpr std::string_view kReservedRootName = ".kinfolder";

enum class NameProblem : unsigned char {
  kNone = 0,
  kNotUtf8 = 1,   // the bytes are no UTF-8: no wire name, the caller reports the path as blocked
  kIllegal = 2,   // empty, ".", "..", holds '/' or NUL, or longer than kMaxComponentBytes
  kReserved = 3,  // ".kinfolder" in the root
};

struct ChildResult {
  PathId id;  // PathId{0} exactly if there is a problem
  NameProblem problem = NameProblem::kNone;
  // The table remembers another spelling of the same wire name. Either the file was renamed on
  // disk (then call SetDiskName) or both are there (a clash): only a listing can tell.
  bool other_spelling = false;
};

// One row of the table, for a database. `disk` is empty if it is the same as `wire`.
struct NameRow {
  PathId id;
  PathId parent;
  std::string wire;
  std::string disk;

  friend bool operator==(const NameRow&, const NameRow&) = default;
};

class NameTable {
 public:
  static constexpr std::size_t kMaxComponentBytes = 4096;  // of a wire component
  static constexpr std::size_t kMaxPathBytes = 32768;      // of a wire path

  NameTable();
  ~NameTable();
  NameTable(const NameTable&) = delete;
  NameTable& operator=(const NameTable&) = delete;

  // The child of `dir` that the disk calls `disk_component`; it is added if it is new.
  ChildResult Child(PathId dir, std::string_view disk_component);
  // The same without adding. PathId{0}, kNone: not known.
  ChildResult Find(PathId dir, std::string_view disk_component) const;

  // The path with this wire name, or PathId{0} if it is not known (or no legal wire path).
  PathId FindPath(std::string_view wire_path) const;
  // The path with this wire name, added with all its parents where new. kInvalid: it is not NFC,
  // not UTF-8, has an illegal component or lies under the reserved name. kTooLarge: beyond limits.
  Result<PathId> InsertPath(std::string_view wire_path);

  // The wire name: NFC components joined by '/'. Empty for the root.
  std::string WirePath(PathId id) const;
  DiskPath DiskPathOf(PathId id) const;

  // REQUIRES below: `id` was handed out by this table and is not the root. The views stay valid as
  // long as the table lives, except the disk name's after SetDiskName of that id.
  PathId Parent(PathId id) const;
  std::string_view WireName(PathId id) const;
  std::string_view DiskName(PathId id) const;
  // REQUIRES: NFC(disk_component) is the path's wire name.
  void SetDiskName(PathId id, std::string_view disk_component);

  // True if `ancestor` is `id` or a parent of it, at any depth. The root is an ancestor of all.
  bool IsWithin(PathId id, PathId ancestor) const;
  // The number of paths; ids run from 1 to this.
  std::uint32_t size() const;

  // The rows that are new or changed since the last call, by ascending id.
  std::vector<NameRow> TakeNewRows();
  // Fills an empty table. kCorrupt (and the table is unusable): ids are not 1..n, a parent comes
  // after its child, a name is illegal or there twice. Rows may come in any order.
  Status Load(std::vector<NameRow> rows);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kinfolder

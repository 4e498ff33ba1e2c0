#include "sim/world/disk_names.h"

#include <algorithm>
#include <string_view>

#include "sim/world/unicode.h"

namespace kinfolder::sim {

namespace {

// The same for all names that are one name to the disk.
std::string KeyOf(const Disk& disk, std::string_view name) {
  std::string key(name);
  if (disk.spelling != Spelling::kApart) key = Decomposed(key);
  if (disk.folds_case) key = Folded(key);
  return key;
}

// CON, NUL, COM1 and the like, with any extension.
bool IsDevice(std::string_view name) {
  const std::string stem = Folded(name.substr(0, name.find('.')));
  for (std::string_view device : {"con", "prn", "aux", "nul"})
    if (stem == device) return true;
  return stem.size() == 4 && stem[3] >= '1' && stem[3] <= '9' &&
         (stem.compare(0, 3, "com") == 0 || stem.compare(0, 3, "lpt") == 0);
}

bool IsWindowsName(std::string_view name) {
  if (name.empty() || name.back() == '.' || name.back() == ' ' || IsDevice(name)) return false;
  return std::none_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 ||
           std::string_view("<>:\"|?*\\").find(c) != std::string_view::npos;
  });
}

// The name in the directory `prefix` (empty, or with a slash at its end) that is `name` to the
// disk; as it would be kept if there is none.
std::string Spelled(const Disk& disk, const std::string& prefix, const std::string& name) {
  if (disk.names.count(prefix + name) != 0) return name;
  const std::string key = KeyOf(disk, name);
  for (auto it = disk.names.lower_bound(prefix);
       it != disk.names.end() && it->first.compare(0, prefix.size(), prefix) == 0; ++it) {
    const std::string_view rest = std::string_view(it->first).substr(prefix.size());
    if (rest.find('/') == std::string_view::npos && KeyOf(disk, rest) == key)
      return std::string(rest);
  }
  return Kept(disk, name);
}

}  // namespace

std::string Found(const Disk& disk, const std::string& path) {
  const bool exact = !disk.folds_case && disk.spelling == Spelling::kApart;
  if (exact || disk.names.count(path) != 0) return path;
  std::string found;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string prefix = found.empty() ? "" : found + "/";
    found = prefix + Spelled(disk, prefix, path.substr(at, slash - at));
    at = slash + 1;
  }
  return found;
}

std::string Kept(const Disk& disk, const std::string& name) {
  return disk.spelling == Spelling::kDecomposed ? Decomposed(name) : name;
}

Reason NameReason(const Disk& disk, const std::string& path) {
  for (std::size_t at = 0; disk.windows_names && at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    if (!IsWindowsName(std::string_view(path).substr(at, slash - at))) return Reason::kName;
    at = slash + 1;
  }
  return Found(disk, path) == path ? Reason::kNone : Reason::kNameClash;
}

}  // namespace kinfolder::sim

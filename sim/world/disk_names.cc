#include "sim/world/disk_names.h"

#include <algorithm>
#include <string_view>

namespace kinfolder::sim {

namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool SameFolded(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

// CON, NUL, COM1 and the like, with any extension.
bool IsDevice(std::string_view name) {
  const std::string_view stem = name.substr(0, name.find('.'));
  for (std::string_view device : {"con", "prn", "aux", "nul"})
    if (SameFolded(stem, device)) return true;
  return stem.size() == 4 && stem[3] >= '1' && stem[3] <= '9' &&
         (SameFolded(stem.substr(0, 3), "com") || SameFolded(stem.substr(0, 3), "lpt"));
}

bool IsWindowsName(std::string_view name) {
  if (name.empty() || name.back() == '.' || name.back() == ' ' || IsDevice(name)) return false;
  return std::none_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 ||
           std::string_view("<>:\"|?*\\").find(c) != std::string_view::npos;
  });
}

// The name in the directory `prefix` (empty, or with a slash at its end) that is `name` to a disk
// that folds case; `name` itself if there is none.
std::string Spelled(const Disk& disk, const std::string& prefix, const std::string& name) {
  if (disk.names.count(prefix + name) != 0) return name;
  for (auto it = disk.names.lower_bound(prefix);
       it != disk.names.end() && it->first.compare(0, prefix.size(), prefix) == 0; ++it) {
    const std::string_view rest = std::string_view(it->first).substr(prefix.size());
    if (SameFolded(rest, name)) return std::string(rest);
  }
  return name;
}

}  // namespace

std::string Found(const Disk& disk, const std::string& path) {
  if (!disk.folds_case || disk.names.count(path) != 0) return path;
  std::string found;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string prefix = found.empty() ? "" : found + "/";
    found = prefix + Spelled(disk, prefix, path.substr(at, slash - at));
    at = slash + 1;
  }
  return found;
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

#include "shells/setup/root_checks.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "shells/posix/fd.h"
#include "shells/posix/root.h"

namespace kinfolder {
namespace {

constexpr char kMarkerPath[] = "/.kinfolder/root.json";

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

// Without links; "" when there is no such thing.
std::string RealPath(const std::string& path) {
  const std::unique_ptr<char, decltype(&free)> real(::realpath(path.c_str(), nullptr), &free);
  return real == nullptr ? "" : real.get();
}

bool Exists(const std::string& path) {
  struct stat found = {};
  return ::lstat(path.c_str(), &found) == 0;
}

// `inner` is `outer` or below it.
bool IsWithin(std::string_view inner, std::string_view outer) {
  if (outer == "/") return true;
  return inner.starts_with(outer) && (inner.size() == outer.size() || inner[outer.size()] == '/');
}

Status CheckApart(const std::string& root, const std::string& other, const std::string& what) {
  const std::string real = RealPath(other);
  if (real.empty()) return Status();
  if (IsWithin(root, real)) {
    return MakeError(ErrorKind::kInvalid,
                     root + " lies in " + what + " (" + real + "); choose another directory");
  }
  if (IsWithin(real, root)) {
    return MakeError(ErrorKind::kInvalid, root + " contains " + what + " (" + real +
                                              "); choose another directory, or move that one out");
  }
  return Status();
}

Status CheckRecords(const StateDir& state, const std::string& root) {
  const Result<std::vector<FolderSetup>> records = state.Folders();
  if (!records.ok()) return records.error();
  for (const FolderSetup& record : records.value()) {
    if (RealPath(record.path) == root || record.path == root) {
      return MakeError(ErrorKind::kExists,
                       root + " is the folder '" + record.name + "' already; see `kinfolder list`");
    }
    const Status apart = CheckApart(root, record.path, "the folder '" + record.name + "'");
    if (!apart.ok()) return apart;
  }
  return Status();
}

Status CheckAncestors(const std::string& root) {
  std::string above = root;
  while (above.size() > 1) {
    above.resize(std::max<std::size_t>(above.find_last_of('/'), 1));
    if (above == root) break;
    if (Exists((above == "/" ? "" : above) + kMarkerPath)) {
      return MakeError(ErrorKind::kInvalid, root + " lies in another folder (" + above +
                                                "); choose a directory outside of it");
    }
  }
  return Status();
}

// Directories that can't be read are passed over: the agent can't read them either.
Status CheckDescendants(const std::string& root) {
  std::vector<std::string> open = {root};
  while (!open.empty()) {
    const std::string path = std::move(open.back());
    open.pop_back();
    const std::unique_ptr<DIR, CloseDir> dir(::opendir(path.c_str()));
    if (dir == nullptr) continue;
    while (const dirent* entry = ::readdir(dir.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == ".." || (path == root && name == ".kinfolder")) continue;
      if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) continue;
      std::string below = path + "/" + std::string(name);
      struct stat found = {};
      if (::lstat(below.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) continue;
      if (Exists(below + kMarkerPath)) {
        return MakeError(ErrorKind::kInvalid, root + " contains another folder (" + below +
                                                  "); leave that one first, or move it out");
      }
      open.push_back(std::move(below));
    }
  }
  return Status();
}

Status CheckMarker(const StateDir& state, const std::string& root, bool take_over) {
  const Result<Root> opened = Root::Open(root, RootMarker{});
  if (!opened.ok()) return opened.error();
  const Result<RootMarker> marker = opened.value().ReadMarker();
  if (take_over) return Status();
  if (!marker.ok()) {
    return marker.error().kind == ErrorKind::kNotFound ? Status() : Status(marker.error());
  }
  if (marker.value().state == state.info().state_id) return Status();  // an interrupted try
  return MakeError(ErrorKind::kExists,
                   root + " is a folder of another state directory (" + marker.value().state +
                       "); use that one, leave it there first, or give --take-over if it is gone");
}

}  // namespace

Result<std::string> CheckNewRoot(const StateDir& state, const std::string& path, bool take_over) {
  const std::string root = RealPath(path);
  if (root.empty()) return ErrnoError(errno, "can't use " + path + " as a folder");
  struct stat found = {};
  if (::stat(root.c_str(), &found) != 0) return ErrnoError(errno, "can't use " + path);
  if (!S_ISDIR(found.st_mode)) {
    return MakeError(ErrorKind::kInvalid, path + " is not a directory; give one");
  }
  Status checked = CheckApart(root, state.path(), "the state directory");
  constexpr std::string_view kDirScheme = "dir:";
  if (checked.ok() && state.info().store_url.starts_with(kDirScheme)) {
    checked = CheckApart(root, state.info().store_url.substr(kDirScheme.size()), "the store");
  }
  if (checked.ok()) checked = CheckRecords(state, root);
  if (checked.ok()) checked = CheckMarker(state, root, take_over);
  if (checked.ok()) checked = CheckAncestors(root);
  if (checked.ok()) checked = CheckDescendants(root);
  if (!checked.ok()) return checked.error();
  return root;
}

}  // namespace kinfolder

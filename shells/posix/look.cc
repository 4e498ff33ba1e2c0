#include "shells/posix/look.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "shells/posix/directory.h"

namespace kinfolder {
namespace {

// kGone is provisional: it counts only if the root is ours (in a removed or exchanged one, nothing
// is to be found either).
DiskLook FromError(int error) {
  if (error == ENOENT || error == ENOTDIR) return DiskLook{DiskPresence::kGone, {}, 0};
  return DiskLook{DiskPresence::kUnknown, {}, error};
}

DiskLook LookIn(const OpenedDirectory& parent, const DiskPath& path) {
  if (!parent.fd.ok()) return FromError(parent.error);
  DiskLook look;
  const int error = StatAt(parent.fd.get(), path.back().c_str(), &look.stat);
  if (error != 0) return FromError(error);
  look.presence = DiskPresence::kThere;
  return look;
}

bool SameParent(const DiskPath& a, const DiskPath& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end() - 1, b.begin());
}

}  // namespace

std::vector<DiskLook> LookAtAll(const Root& root, const std::vector<DiskPath>& paths) {
  std::vector<DiskLook> looks;
  looks.reserve(paths.size());
  OpenedDirectory parent;
  const DiskPath* last = nullptr;
  bool any_gone = false;
  for (const DiskPath& path : paths) {
    if (!IsLegalPath(path)) {
      looks.push_back(DiskLook{DiskPresence::kUnknown, {}, EINVAL});
      continue;
    }
    if (last == nullptr || !SameParent(*last, path)) {
      parent = OpenDirectory(root, path, path.size() - 1);
      last = &path;
    }
    looks.push_back(LookIn(parent, path));
    any_gone |= looks.back().presence == DiskPresence::kGone;
  }
  if (!any_gone || root.Check() == RootStatus::kOk) return looks;
  for (DiskLook& look : looks)
    if (look.presence == DiskPresence::kGone) look = DiskLook{};
  return looks;
}

DiskLook LookAt(const Root& root, const DiskPath& path) { return LookAtAll(root, {path}).front(); }

std::optional<FileStat> PeekAt(const Root& root, const DiskPath& path, ParentCache* parents) {
  if (!IsLegalPath(path)) return std::nullopt;
  ParentCache own;
  const DiskLook look = LookIn((parents != nullptr ? *parents : own).OpenForHint(root, path), path);
  if (look.presence != DiskPresence::kThere) return std::nullopt;
  return look.stat;
}

}  // namespace kinfolder

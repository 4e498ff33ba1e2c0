#include "shells/posix/look.h"

#include <cerrno>

#include "shells/posix/directory.h"

namespace kinfolder {
namespace {

// Nothing is there; that counts only if the root is ours (in a removed or exchanged one, nothing
// is to be found either).
DiskLook Gone(const Root& root) {
  if (root.Check() != RootStatus::kOk) return {};
  return DiskLook{DiskPresence::kGone, {}, 0};
}

DiskLook FromError(const Root& root, int error) {
  if (error == ENOENT || error == ENOTDIR) return Gone(root);
  return DiskLook{DiskPresence::kUnknown, {}, error};
}

}  // namespace

DiskLook LookAt(const Root& root, const DiskPath& path) {
  if (!IsLegalPath(path)) return DiskLook{DiskPresence::kUnknown, {}, EINVAL};
  const OpenedDirectory parent = OpenDirectory(root, path, path.size() - 1);
  if (!parent.fd.ok()) return FromError(root, parent.error);
  DiskLook look;
  const int error = StatAt(parent.fd.get(), path.back().c_str(), &look.stat);
  if (error != 0) return FromError(root, error);
  look.presence = DiskPresence::kThere;
  return look;
}

}  // namespace kinfolder

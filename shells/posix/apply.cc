// Putting, removing and putting back. Staging and what lies in tmp: apply_tmp.cc.
#include "shells/posix/apply.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "shells/names/name_table.h"
#include "shells/posix/apply_tmp.h"
#include "shells/posix/directory.h"
#include "shells/posix/rename.h"

namespace kinfolder {
namespace {

using Same = bool (*)(const FileStat&, const FileStat&);

ApplyResult Blocked(int error, const char* what) {
  ApplyResult result;
  result.outcome = ApplyOutcome::kBlocked;
  result.error = ErrnoError(error, what);
  return result;
}

ApplyResult Refused(std::optional<FileStat> found) {
  ApplyResult result;
  result.outcome = ApplyOutcome::kRefused;
  result.found = std::move(found);
  return result;
}

// What stands there now; blocked if that can't be found out.
ApplyResult RefusedAt(NameAt at) {
  FileStat stat;
  const int error = StatAt(at.dir_fd, at.name, &stat);
  if (error == 0) return Refused(stat);
  if (error == ENOENT) return Refused(std::nullopt);
  return Blocked(error, "the file can't be looked at");
}

bool IsUserPath(const DiskPath& path) { return IsLegalPath(path) && path[0] != kReservedRootName; }

DiskPath ParentOf(const DiskPath& path, std::size_t levels = 1) {
  return DiskPath(path.begin(), path.end() - static_cast<std::ptrdiff_t>(levels));
}

// One replacement or removal: the two names, and how to go about it.
struct Act {
  NameAt at_path;
  NameAt at_tmp;
  std::string aside;  // another tmp name
  bool plain = false;
  const ApplyOptions* options = nullptr;

  void Gap() const {
    if (options->in_gap) options->in_gap();
  }
  // The result after `staged` was placed; `out` is what came out, if anything.
  ApplyResult Placed(const FileStat& staged, std::optional<FileStat> out, bool as_expected) const {
    ApplyResult result;
    result.outcome = as_expected ? ApplyOutcome::kDone : ApplyOutcome::kCameOutOther;
    result.found = std::move(out);
    FileStat now;
    const bool still = StatAt(at_path.dir_fd, at_path.name, &now) == 0 &&
                       SameButRenamed(staged, now) && staged.mode == now.mode;
    // If it was edited already, the record is of what was placed: the next look sees the edit.
    result.placed = still ? now : staged;
    return result;
  }
};

ApplyResult PutWhereNothingIs(const Act& act, const FileStat& staged) {
  act.Gap();
  const int error = PlaceNoReplace(act.at_tmp, act.at_path, act.plain);
  if (error == EEXIST) return RefusedAt(act.at_path);
  if (error != 0) return Blocked(error, "the file can't be put in place");
  return act.Placed(staged, std::nullopt, true);
}

ApplyResult PutForDirectory(const Act& act, const FileStat& staged, std::uint32_t mode) {
  act.Gap();
  if (unlinkat(act.at_path.dir_fd, act.at_path.name, AT_REMOVEDIR) != 0) {
    if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR || errno == ENOENT) {
      return RefusedAt(act.at_path);
    }
    return Blocked(errno, "the directory can't be replaced");
  }
  const int error = PlaceNoReplace(act.at_tmp, act.at_path, act.plain);
  if (error == EEXIST) return RefusedAt(act.at_path);
  if (error != 0) {
    mkdirat(act.at_path.dir_fd, act.at_path.name, mode);  // best effort: as it was
    return Blocked(error, "the file can't be put in place");
  }
  return act.Placed(staged, std::nullopt, true);
}

// Without an atomic exchange: aside, compare, put. Nothing is ever overwritten.
ApplyResult PutStepwise(const Act& act, const FileStat& staged, const FileStat& expected) {
  const NameAt aside{act.at_tmp.dir_fd, act.aside.c_str()};
  int error = TakeAside(act.at_path, aside, act.plain);
  if (error == ENOENT) return Refused(std::nullopt);
  if (error != 0) return Blocked(error, "the old file can't be moved aside");
  FileStat out;
  error = StatAt(aside.dir_fd, aside.name, &out);
  int place_error = 0;
  if (error == 0 && SameButRenamed(expected, out)) {
    if (act.options->in_absence) act.options->in_absence();
    place_error = PlaceNoReplace(act.at_tmp, act.at_path, act.plain);
    if (place_error == 0) {
      error = TakeAside(aside, act.at_tmp, act.plain);
      // That changed its ctime; if more changed, the caller must see it as changed.
      FileStat moved;
      const bool same =
          StatAt(act.at_tmp.dir_fd, act.at_tmp.name, &moved) == 0 && SameButRenamed(out, moved);
      ApplyResult result = act.Placed(staged, same ? moved : out, true);
      if (error != 0) result.aside = act.aside;
      return result;
    }
  }
  // Not as expected, or it could not be put: back with it.
  ApplyResult result = place_error != 0 && place_error != EEXIST
                           ? Blocked(place_error, "the file can't be put in place")
                           : Refused(out);
  if (PlaceNoReplace(aside, act.at_path, act.plain) != 0) {
    result = RefusedAt(act.at_path);
    result.aside = act.aside;
  }
  return result;
}

ApplyResult PutByExchange(const Act& act, const FileStat& staged, const FileStat& expected) {
  act.Gap();
  int error = act.plain ? EINVAL : ExchangeNames(act.at_path, act.at_tmp);
  if (error == EINVAL || error == ENOSYS || error == EOPNOTSUPP) {
    return PutStepwise(act, staged, expected);
  }
  if (error == ENOENT) return RefusedAt(act.at_path);
  if (error != 0) return Blocked(error, "the file can't be put in place");
  FileStat out;
  error = StatAt(act.at_tmp.dir_fd, act.at_tmp.name, &out);
  if (error != 0) return act.Placed(staged, std::nullopt, false);
  if (out.kind == FileKind::kDirectory && ExchangeNames(act.at_path, act.at_tmp) == 0) {
    // A directory came in the gap; its place is not in tmp, for an instant even.
    FileStat back;
    error = StatAt(act.at_tmp.dir_fd, act.at_tmp.name, &back);
    if (error == 0 && back.inode == staged.inode) return RefusedAt(act.at_path);
    return act.Placed(staged, error == 0 ? std::optional(back) : std::nullopt, false);
  }
  return act.Placed(staged, out, SameButRenamed(expected, out));
}

ApplyResult Put(const Act& act, const std::optional<FileStat>& expected, Same same) {
  FileStat staged;
  int error = StatAt(act.at_tmp.dir_fd, act.at_tmp.name, &staged);
  if (error != 0) return Blocked(error, "the staged file can't be found");
  FileStat present;
  error = StatAt(act.at_path.dir_fd, act.at_path.name, &present);
  if (error != 0 && error != ENOENT) return Blocked(error, "the file can't be looked at");
  if (!expected.has_value()) {
    return error == 0 ? Refused(present) : PutWhereNothingIs(act, staged);
  }
  if (error == ENOENT) return Refused(std::nullopt);
  if (!same(*expected, present)) return Refused(present);
  if (present.kind == FileKind::kDirectory) return PutForDirectory(act, staged, present.mode);
  return PutByExchange(act, staged, *expected);
}

ApplyResult TakeOut(const Act& act, const FileStat& expected) {
  FileStat present;
  int error = StatAt(act.at_path.dir_fd, act.at_path.name, &present);
  if (error == ENOENT) return Refused(std::nullopt);
  if (error != 0) return Blocked(error, "the file can't be looked at");
  if (!SameUntouched(expected, present)) return Refused(present);
  act.Gap();
  ApplyResult result;
  result.outcome = ApplyOutcome::kDone;
  if (present.kind == FileKind::kDirectory) {
    if (unlinkat(act.at_path.dir_fd, act.at_path.name, AT_REMOVEDIR) == 0) return result;
    if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR || errno == ENOENT) {
      return RefusedAt(act.at_path);
    }
    return Blocked(errno, "the directory can't be removed");
  }
  error = TakeAside(act.at_path, act.at_tmp, act.plain);
  if (error == ENOENT) return Refused(std::nullopt);
  if (error != 0) return Blocked(error, "the file can't be moved aside");
  FileStat out;
  if (StatAt(act.at_tmp.dir_fd, act.at_tmp.name, &out) != 0) {
    result.outcome = ApplyOutcome::kCameOutOther;
    return result;
  }
  if (out.kind == FileKind::kDirectory &&
      PlaceNoReplace(act.at_tmp, act.at_path, /*plain=*/false) == 0) {
    return RefusedAt(act.at_path);
  }
  result.found = out;
  if (!SameButRenamed(expected, out)) result.outcome = ApplyOutcome::kCameOutOther;
  return result;
}

// Removes the `levels` nearest parents of `path`, from the lowest up, while they are empty.
// Returns how many are gone.
std::size_t RemoveEmptyParents(const Root& root, const DiskPath& path, std::size_t levels) {
  std::size_t removed = 0;
  for (std::size_t count = path.size() - 1; removed < levels && count > 0; --count, ++removed) {
    const OpenedDirectory above = OpenDirectory(root, path, count - 1);
    if (!above.fd.ok()) break;
    if (unlinkat(above.fd.get(), path[count - 1].c_str(), AT_REMOVEDIR) != 0) break;
  }
  return removed;
}

ApplyResult PutAt(const Root& root, const ApplyOptions& options, const DiskPath& path,
                  const std::optional<FileStat>& expected, const std::string& tmp_name, Same same,
                  ApplyDirectories& shared) {
  if (!IsUserPath(path)) return Blocked(EINVAL, "not a path of the folder");
  const OpenedDirectory& tmp = OpenTmp(root, shared);
  if (!tmp.fd.ok()) return Blocked(tmp.error, "the folder's .kinfolder/tmp can't be opened");
  std::size_t made = 0;
  const OpenedDirectory& parent = expected.has_value()
                                      ? shared.parents.Open(root, path)
                                      : shared.parents.OpenOrMake(root, path, &made);
  ApplyResult result;
  if (parent.fd.ok()) {
    const Act act{{parent.fd.get(), path.back().c_str()},
                  {tmp.fd.get(), tmp_name.c_str()},
                  tmp_name + ".aside",
                  options.avoid_exchange,
                  &options};
    result = Put(act, expected, same);
  } else if (expected.has_value() && (parent.error == ENOENT || parent.error == ENOTDIR)) {
    result = Refused(std::nullopt);
  } else {
    result = Blocked(parent.error, "the file's directory can't be opened");
  }
  const bool placed =
      result.outcome == ApplyOutcome::kDone || result.outcome == ApplyOutcome::kCameOutOther;
  if (!placed && made > 0) {
    made -= RemoveEmptyParents(root, path, made);
    shared.parents.Forget();
  }
  if (placed || made > 0) {
    for (std::size_t up = 1; up <= made + 1; ++up) result.touched.push_back(ParentOf(path, up));
  }
  return result;
}

}  // namespace

Applier::Applier(const Root& root, ApplyOptions options)
    : root_(root), options_(std::move(options)) {}

ApplyResult Applier::Replace(const DiskPath& path, const std::optional<FileStat>& expected,
                             const std::string& tmp_name, ApplyDirectories* shared) {
  ApplyDirectories own;
  return PutAt(root_, options_, path, expected, tmp_name, SameUntouched,
               shared != nullptr ? *shared : own);
}

ApplyResult Applier::PutBack(const DiskPath& path, const std::optional<FileStat>& expected,
                             const std::string& tmp_name) {
  ApplyDirectories own;
  return PutAt(root_, options_, path, expected, tmp_name, SameButRenamed, own);
}

ApplyResult Applier::Remove(const DiskPath& path, const FileStat& expected,
                            const std::string& tmp_name, std::size_t removable_parents,
                            ApplyDirectories* shared) {
  if (!IsUserPath(path)) return Blocked(EINVAL, "not a path of the folder");
  ApplyDirectories own;
  ApplyDirectories& directories = shared != nullptr ? *shared : own;
  const OpenedDirectory& tmp = OpenTmp(root_, directories);
  if (!tmp.fd.ok()) return Blocked(tmp.error, "the folder's .kinfolder/tmp can't be opened");
  const OpenedDirectory& parent = directories.parents.Open(root_, path);
  if (parent.error == ENOENT || parent.error == ENOTDIR) return Refused(std::nullopt);
  if (!parent.fd.ok()) return Blocked(parent.error, "the file's directory can't be opened");
  const Act act{{parent.fd.get(), path.back().c_str()},
                {tmp.fd.get(), tmp_name.c_str()},
                {},
                options_.avoid_exchange,
                &options_};
  ApplyResult result = TakeOut(act, expected);
  if (result.outcome == ApplyOutcome::kDone) {
    const std::size_t gone = RemoveEmptyParents(root_, path, removable_parents);
    if (gone > 0) directories.parents.Forget();
    result.touched.push_back(ParentOf(path, 1 + gone));
  } else if (result.outcome == ApplyOutcome::kCameOutOther) {
    result.touched.push_back(ParentOf(path));
  }
  return result;
}

ApplyResult Applier::Rename(const DiskPath& path, const FileStat& expected,
                            const std::string& name) {
  DiskPath to = path;
  to.back() = name;
  if (!IsUserPath(path) || !IsUserPath(to)) return Blocked(EINVAL, "not a path of the folder");
  const OpenedDirectory parent = OpenDirectory(root_, path, path.size() - 1);
  if (parent.error == ENOENT || parent.error == ENOTDIR) return Refused(std::nullopt);
  if (!parent.fd.ok()) return Blocked(parent.error, "the file's directory can't be opened");
  const NameAt from{parent.fd.get(), path.back().c_str()};
  const NameAt free{parent.fd.get(), name.c_str()};
  FileStat stat;
  int error = StatAt(from.dir_fd, from.name, &stat);
  if (error != 0) return RefusedAt(from);
  if (!SameUntouched(expected, stat)) return Refused(stat);
  if (options_.in_gap) options_.in_gap();
  error = PlaceNoReplace(from, free, options_.avoid_exchange);
  if (error == EEXIST || error == ENOENT) return RefusedAt(from);
  if (error != 0) return Blocked(error, "the file can't be renamed");
  ApplyResult result;
  result.outcome = ApplyOutcome::kDone;
  result.touched.push_back(ParentOf(path));
  if (StatAt(free.dir_fd, free.name, &stat) != 0) return result;
  // A directory that had come in its place just then goes back; a file that was edited is as good.
  if (stat.kind == FileKind::kDirectory && PlaceNoReplace(free, from, /*plain=*/false) == 0)
    return RefusedAt(from);
  result.placed = stat;
  return result;
}

}  // namespace kinfolder

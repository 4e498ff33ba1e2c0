#include "shells/posix/watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <limits>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "shells/posix/fd.h"
#include "shells/posix/look.h"

namespace kinfolder {
namespace {

constexpr std::uint32_t kMask = IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE |
                                IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF |
                                IN_ONLYDIR | IN_EXCL_UNLINK;
// A Read() of a tree that changes without a pause ends all the same.
constexpr int kMaxReads = 64;

}  // namespace

struct Watcher::Impl {
  Impl(const Root& root, NameTable* names, std::function<bool(PathId, std::string_view)> ignored,
       Fd inotify)
      : root(root), names(names), ignored(std::move(ignored)), inotify(std::move(inotify)) {}

  const Root& root;
  NameTable* const names;
  const std::function<bool(PathId, std::string_view)> ignored;
  Fd inotify;
  std::unordered_map<int, PathId> dir_of;           // by watch descriptor
  std::unordered_map<std::uint32_t, int> watch_of;  // by directory
  std::unordered_set<int> moved_away;               // to be removed unless found elsewhere
  std::vector<WatchProblem> problems;

  void Watch(PathId dir, int fd) {
    // By descriptor, so that no link swapped into the path can lead elsewhere.
    char path[32];
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const int watch = inotify_add_watch(inotify.get(), path, kMask);
    if (watch < 0) {
      problems.push_back({dir, errno});
      return;
    }
    const auto before = dir_of.find(watch);
    if (before != dir_of.end() && before->second != dir) watch_of.erase(before->second.value);
    dir_of[watch] = dir;
    watch_of[dir.value] = watch;
    moved_away.erase(watch);
  }

  void Forget(int watch) {
    const auto at = dir_of.find(watch);
    if (at == dir_of.end()) return;
    const auto back = watch_of.find(at->second.value);
    if (back != watch_of.end() && back->second == watch) watch_of.erase(back);
    dir_of.erase(at);
    moved_away.erase(watch);
  }

  bool IsThere(PathId dir, std::string_view name) const {
    DiskPath path = names->DiskPathOf(dir);
    path.emplace_back(name);
    return LookAt(root, path).presence == DiskPresence::kThere;
  }

  // The path an event is about; none if there is nothing to tell. New names get an id only if they
  // are still there: programs make and remove many that nobody will ever ask for.
  PathId Resolve(PathId dir, std::string_view name, bool removed) {
    if (ignored && ignored(dir, name)) return {};
    const ChildResult known = names->Find(dir, name);
    if (known.problem != NameProblem::kNone) return {};
    if (removed) return known.other_spelling ? PathId{} : known.id;
    if (known.id && !known.other_spelling) return known.id;
    if (!IsThere(dir, name)) return {};
    if (!known.id) return names->Child(dir, name).id;
    // Both spellings there: a clash, which scans report.
    if (IsThere(dir, names->DiskName(known.id))) return {};
    names->SetDiskName(known.id, name);
    return known.id;
  }

  // Watches and lists a directory that has just come.
  void Enter(PathId dir, std::vector<WatchEvent>* out) {
    ScanOptions options;
    options.ignored = ignored;
    options.on_directory = [this](PathId id, int fd) { Watch(id, fd); };
    Scanner scanner(root, names, std::move(options), dir);
    std::vector<ScanEntry> entries;
    while (scanner.Step(std::numeric_limits<std::size_t>::max(), &entries)) {
    }
    for (const ScanEntry& entry : entries) {
      out->push_back({WatchEventKind::kSettled, names->Parent(entry.id), entry.id,
                      entry.stat.kind == FileKind::kDirectory});
    }
    for (const ScanProblem& problem : scanner.problems()) {
      if (problem.error != 0 && problem.error != ENOENT) {
        problems.push_back({problem.id ? problem.id : problem.dir, problem.error});
      }
    }
  }

  void Leave(PathId dir) {
    for (const auto& [watch, watched] : dir_of) {
      if (names->IsWithin(watched, dir)) moved_away.insert(watch);
    }
  }

  void HandleNamed(PathId dir, std::uint32_t mask, std::string_view name,
                   std::vector<WatchEvent>* out) {
    const bool is_directory = (mask & IN_ISDIR) != 0;
    const bool removed = (mask & (IN_DELETE | IN_MOVED_FROM)) != 0;
    if (removed && dir == PathId{} && name == kReservedRootName) {
      // Without its marker the root is not ours; when it is removed, this is all that is told.
      out->push_back({WatchEventKind::kDied, {}, {}, false});
      return;
    }
    const PathId id = Resolve(dir, name, removed);
    if (!id) return;
    if (removed) {
      if (is_directory && (mask & IN_MOVED_FROM) != 0) Leave(id);
      out->push_back({WatchEventKind::kRemoved, dir, id, is_directory});
      return;
    }
    if (is_directory) {
      const bool came = (mask & (IN_CREATE | IN_MOVED_TO)) != 0;
      // A directory that could not be read before may have become readable.
      const bool opened_up = (mask & IN_ATTRIB) != 0 && watch_of.count(id.value) == 0;
      if (came || opened_up) {
        out->push_back({WatchEventKind::kSettled, dir, id, true});
        Enter(id, out);
      }
      return;
    }
    const bool settled = (mask & (IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB)) != 0 ||
                         ((mask & IN_CREATE) != 0 && IsLink(id));
    out->push_back(
        {settled ? WatchEventKind::kSettled : WatchEventKind::kModified, dir, id, false});
  }

  bool IsLink(PathId id) const {
    const DiskLook look = LookAt(root, names->DiskPathOf(id));
    return look.presence == DiskPresence::kThere && look.stat.kind == FileKind::kLink;
  }

  void Handle(const inotify_event& event, std::string_view name, std::vector<WatchEvent>* out) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
      out->push_back({WatchEventKind::kOverflow, {}, {}, false});
      return;
    }
    const auto at = dir_of.find(event.wd);
    if (at == dir_of.end()) return;
    const PathId dir = at->second;
    if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)) != 0 && dir == PathId{}) {
      out->push_back({WatchEventKind::kDied, {}, {}, false});
    }
    if ((event.mask & IN_IGNORED) != 0) return Forget(event.wd);
    // What is told of a tree that moved away is found again when its new place is listed.
    if (name.empty() || moved_away.count(event.wd) != 0) return;
    HandleNamed(dir, event.mask, name, out);
  }

  void DropMovedAway() {
    const std::unordered_set<int> watches = std::exchange(moved_away, {});
    for (const int watch : watches) {
      inotify_rm_watch(inotify.get(), watch);
      Forget(watch);
    }
  }
};

Watcher::Watcher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Watcher::~Watcher() = default;

Result<std::unique_ptr<Watcher>> Watcher::Create(
    const Root& root, NameTable* names,
    std::function<bool(PathId dir, std::string_view disk_component)> ignored) {
  Fd inotify(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify.ok()) {
    return MakeError(ErrorKind::kUnavailable,
                     "no inotify instance is left, so changes are found by scanning only; raise "
                     "fs.inotify.max_user_instances");
  }
  return std::unique_ptr<Watcher>(
      new Watcher(std::make_unique<Impl>(root, names, std::move(ignored), std::move(inotify))));
}

std::function<void(PathId dir, int fd)> Watcher::directory_hook() {
  return [impl = impl_.get()](PathId dir, int fd) { impl->Watch(dir, fd); };
}

int Watcher::fd() const { return impl_->inotify.get(); }

std::vector<WatchEvent> Watcher::Read() {
  std::vector<WatchEvent> events;
  alignas(inotify_event) char buffer[64 * 1024];
  for (int reads = 0; reads < kMaxReads; ++reads) {
    const ssize_t size =
        RetryEintr([&] { return read(impl_->inotify.get(), buffer, sizeof buffer); });
    if (size <= 0) break;
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      // The name is padded with NULs.
      const std::string_view name = event->len == 0 ? std::string_view() : event->name;
      impl_->Handle(*event, name, &events);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
  impl_->DropMovedAway();
  return events;
}

std::vector<WatchProblem> Watcher::TakeProblems() { return std::exchange(impl_->problems, {}); }

std::size_t Watcher::watched_directories() const { return impl_->dir_of.size(); }

}  // namespace kinfolder

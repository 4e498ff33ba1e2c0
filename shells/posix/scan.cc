#include "shells/posix/scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/base/check.h"
#include "shells/posix/directory.h"
#include "shells/posix/fd.h"

namespace kinfolder {
namespace {

// What the pass found out about a path.
enum class Mark : unsigned char {
  kUnseen = 0,
  kSeen = 1,     // there, and no directory
  kUnknown = 2,  // ignored, or it could not be looked at
  kEntered = 3,  // a directory, not (or not wholly) listed
  kListed = 4,   // a directory, listed to the end
};

struct DirCloser {
  void operator()(DIR* dir) const { closedir(dir); }
};
using DirStream = std::unique_ptr<DIR, DirCloser>;

}  // namespace

struct Scanner::Impl {
  struct Frame {
    PathId dir;
    std::uint64_t inode = 0;
    DirStream stream;  // null while it is closed to spare descriptors
    bool listed = false;
    std::vector<PathId> subdirectories;                     // to enter, the last one first
    std::vector<std::pair<PathId, std::string>> respelled;  // names that differ from the table's
  };

  // With more levels open than this, the upper ones are closed and opened anew on the way back.
  static constexpr std::size_t kMaxOpenLevels = 64;

  Impl(const Root& root, NameTable* names, ScanOptions options, PathId top)
      : root(root), names(names), options(std::move(options)), top(top) {}

  const Root& root;
  NameTable* const names;
  const ScanOptions options;
  const PathId top;
  bool begun = false;
  std::vector<Frame> frames;
  std::vector<Mark> marks;  // by PathId
  std::vector<ScanProblem> problems;
  RootStatus root_status = RootStatus::kMissing;

  Mark MarkOf(PathId id) const { return id.value < marks.size() ? marks[id.value] : Mark::kUnseen; }
  void SetMark(PathId id, Mark mark) {
    if (id.value >= marks.size()) marks.resize(names->size() + 1 + id.value / 4, Mark::kUnseen);
    marks[id.value] = mark;
  }
  void AddProblem(ScanProblemKind kind, PathId dir, PathId id, std::string_view name, int error) {
    problems.push_back({kind, dir, id, std::string(name), error});
  }
  bool Ignored(PathId dir, std::string_view name) const {
    return options.ignored && options.ignored(dir, name);
  }

  void Begin() {
    begun = true;
    const DiskPath path = names->DiskPathOf(top);
    OpenedDirectory opened = OpenDirectory(root, path, path.size());
    if (opened.fd.ok()) {
      Enter(top, std::move(opened.fd));
    } else if (opened.error != ENOENT && opened.error != ENOTDIR) {
      AddProblem(ScanProblemKind::kUnreadable, top, top, {}, opened.error);
    }
  }

  // Starts on a directory that is open.
  void Enter(PathId dir, Fd fd) {
    SetMark(dir, Mark::kEntered);
    FileStat stat;
    const int error = StatAt(fd.get(), "", &stat);
    if (error != 0) return AddProblem(ScanProblemKind::kUnreadable, dir, dir, {}, error);
    if (options.on_directory) options.on_directory(dir, fd.get());
    DirStream stream(fdopendir(fd.get()));
    if (stream == nullptr) {
      return AddProblem(ScanProblemKind::kUnreadable, dir, dir, {}, errno);
    }
    fd.Release();
    Frame frame;
    frame.dir = dir;
    frame.inode = stat.inode;
    frame.stream = std::move(stream);
    frames.push_back(std::move(frame));
    if (frames.size() > kMaxOpenLevels) {
      Frame& upper = frames[frames.size() - 1 - kMaxOpenLevels];
      // Its listing is finished, or nothing below it would have been entered.
      upper.stream.reset();
    }
  }

  // One entry, or the end, of the directory's listing.
  void ListNext(Frame& frame, std::vector<ScanEntry>* out) {
    errno = 0;
    const dirent* entry = readdir(frame.stream.get());
    if (entry == nullptr) {
      frame.listed = true;
      if (errno != 0) {
        AddProblem(ScanProblemKind::kUnreadable, frame.dir, frame.dir, {}, errno);
      } else {
        SettleSpellings(frame, out);
        SetMark(frame.dir, Mark::kListed);
      }
      return;
    }
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") return;
    if (Ignored(frame.dir, name)) {
      const ChildResult known = names->Find(frame.dir, name);
      if (known.id) SetMark(known.id, Mark::kUnknown);
      return;
    }
    const ChildResult child = names->Child(frame.dir, name);
    if (child.problem == NameProblem::kReserved) return;
    if (child.problem != NameProblem::kNone) {
      return AddProblem(ScanProblemKind::kBadName, frame.dir, PathId{}, name, 0);
    }
    if (child.other_spelling) {
      frame.respelled.emplace_back(child.id, name);
    } else {
      LookAtEntry(frame, child.id, entry->d_name, out);
    }
  }

  void LookAtEntry(Frame& frame, PathId id, const char* name, std::vector<ScanEntry>* out) {
    FileStat stat;
    const int error = StatAt(dirfd(frame.stream.get()), name, &stat);
    if (error == ENOENT) return;  // removed since it was listed
    if (error != 0) {
      SetMark(id, Mark::kUnknown);
      return AddProblem(ScanProblemKind::kUnreadable, frame.dir, id, name, error);
    }
    out->push_back({id, stat});
    if (stat.kind != FileKind::kDirectory) return SetMark(id, Mark::kSeen);
    SetMark(id, Mark::kEntered);
    if (stat.device != root.identity().device) {
      return AddProblem(ScanProblemKind::kMountPoint, frame.dir, id, name, 0);
    }
    frame.subdirectories.push_back(id);
  }

  // A spelling other than the table's: if that one is there as well, two names clash.
  void SettleSpellings(Frame& frame, std::vector<ScanEntry>* out) {
    for (const auto& [id, name] : frame.respelled) {
      if (MarkOf(id) != Mark::kUnseen) {
        AddProblem(ScanProblemKind::kClash, frame.dir, id, name, 0);
      } else {
        names->SetDiskName(id, name);
        LookAtEntry(frame, id, name.c_str(), out);
      }
    }
    frame.respelled.clear();
  }

  // Opens again what was closed to spare descriptors. False: it is not the same any more.
  bool Reopen(Frame& frame) {
    if (frame.stream != nullptr) return true;
    const DiskPath path = names->DiskPathOf(frame.dir);
    OpenedDirectory opened = OpenDirectory(root, path, path.size());
    FileStat stat;
    int error = opened.error;
    if (opened.fd.ok()) error = StatAt(opened.fd.get(), "", &stat);
    if (error == 0 && stat.inode != frame.inode) error = ESTALE;
    if (error == 0) {
      frame.stream.reset(fdopendir(opened.fd.get()));
      if (frame.stream != nullptr) {
        opened.fd.Release();
        return true;
      }
      error = errno;
    }
    // What was not entered stays kEntered: unknown below.
    AddProblem(ScanProblemKind::kUnreadable, frame.dir, frame.dir, {}, error);
    return false;
  }

  void EnterNext(Frame& frame) {
    if (frame.subdirectories.empty() || !Reopen(frame)) {
      frames.pop_back();
      return;
    }
    const PathId id = frame.subdirectories.back();
    frame.subdirectories.pop_back();
    const std::string name(names->DiskName(id));
    Fd fd(RetryEintr([&] {
      return openat(dirfd(frame.stream.get()), name.c_str(),
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }));
    if (!fd.ok()) {
      AddProblem(ScanProblemKind::kUnreadable, frame.dir, id, name, errno);
      return;
    }
    Enter(id, std::move(fd));
  }
};

Scanner::Scanner(const Root& root, NameTable* names, ScanOptions options, PathId top)
    : impl_(std::make_unique<Impl>(root, names, std::move(options), top)) {}
Scanner::~Scanner() = default;

bool Scanner::Step(std::size_t max_entries, std::vector<ScanEntry>* out) {
  if (!impl_->begun) impl_->Begin();
  for (std::size_t done = 0; done < max_entries; ++done) {
    if (impl_->frames.empty()) {
      impl_->root_status = impl_->root.Check();
      return false;
    }
    Impl::Frame& frame = impl_->frames.back();
    if (!frame.listed) {
      impl_->ListNext(frame, out);
    } else {
      impl_->EnterNext(frame);
    }
  }
  return true;
}

const std::vector<ScanProblem>& Scanner::problems() const { return impl_->problems; }

RootStatus Scanner::root_status() const { return impl_->root_status; }

DiskPresence Scanner::PresenceOf(PathId id) const {
  const NameTable& names = *impl_->names;
  const Mark own = impl_->MarkOf(id);
  if (own == Mark::kUnknown) return DiskPresence::kUnknown;
  if (own != Mark::kUnseen) return DiskPresence::kThere;
  if (!id || impl_->root_status != RootStatus::kOk) return DiskPresence::kUnknown;
  if (id == impl_->top || !names.IsWithin(id, impl_->top)) return DiskPresence::kUnknown;
  for (PathId at = id; at != impl_->top; at = names.Parent(at)) {
    const PathId parent = names.Parent(at);
    if (impl_->Ignored(parent, names.DiskName(at))) return DiskPresence::kUnknown;
    const Mark mark = impl_->MarkOf(parent);
    if (mark == Mark::kUnseen) continue;
    const bool certain = mark == Mark::kListed || mark == Mark::kSeen;
    // Of what is in a listed directory only its own entries are known; those further below have an
    // unseen ancestor there, so they are gone with it.
    return certain ? DiskPresence::kGone : DiskPresence::kUnknown;
  }
  return DiskPresence::kUnknown;
}

}  // namespace kinfolder

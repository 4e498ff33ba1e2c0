// What users do, on the real file system; as sim/world/user.cc does it on the simulated one.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "sim/real/tree.h"

namespace kinfolder::sim {

namespace {

namespace fs = std::filesystem;

struct Hand {
  const std::string& root;
  const UserOp& op;
  std::deque<SlowWrite>& slow;
  std::string path, other;  // absolute
};

std::string Failed(const std::string& what) { return what + ": " + std::strerror(errno); }

bool Exists(const std::string& path) {
  struct stat found = {};
  return lstat(path.c_str(), &found) == 0;
}

void MakeParents(const std::string& path) {
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
}

std::string Write(const Hand& hand, const std::string& content) {
  MakeParents(hand.path);
  const auto there = ReadEntry(hand.path);
  if (there && there->kind == RealKind::kLink) return hand.op.path + " is a link; delete it first";
  return WriteWhole(hand.path, content) ? "" : Failed(hand.op.path);
}

std::string Save(const Hand& hand) {
  MakeParents(hand.path);
  const auto there = ReadEntry(hand.path);
  const std::string draft = hand.path + ".kf-save~";
  if (!WriteWhole(draft, hand.op.content)) return Failed(hand.op.path);
  if (there && there->kind == RealKind::kFile) chmod(draft.c_str(), there->mode);
  return rename(draft.c_str(), hand.path.c_str()) == 0 ? "" : Failed(hand.op.path);
}

std::string Append(const Hand& hand) {
  const int fd = open(hand.path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return Failed(hand.op.path);
  const std::string& content = hand.op.content;
  const bool whole =
      write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  close(fd);
  return whole ? "" : Failed(hand.op.path);
}

std::string Fsync(const Hand& hand) {
  const int fd = open(hand.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return Failed(hand.op.path);
  const int done = fsync(fd);
  close(fd);
  return done == 0 ? "" : Failed(hand.op.path);
}

std::string Swap(const Hand& hand) {
  const bool done =
      renameat2(AT_FDCWD, hand.path.c_str(), AT_FDCWD, hand.other.c_str(), RENAME_EXCHANGE) == 0;
  return done ? "" : Failed(hand.op.path);
}

std::string Rename(const Hand& hand) {
  MakeParents(hand.other);
  return rename(hand.path.c_str(), hand.other.c_str()) == 0 ? "" : Failed(hand.op.path);
}

// utime, touch. A missing file is made.
std::string SetTimes(const Hand& hand) {
  if (!Exists(hand.path)) {
    const std::string error = Write(hand, "");
    if (!error.empty() || hand.op.act == UserAct::kTouch) return error;
  }
  timespec times[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
  if (hand.op.act == UserAct::kUtime) times[1] = {static_cast<time_t>(hand.op.number), 0};
  const int done = utimensat(AT_FDCWD, hand.path.c_str(), times, AT_SYMLINK_NOFOLLOW);
  return done == 0 ? "" : Failed(hand.op.path);
}

std::string WriteSameStat(const Hand& hand) {
  struct stat before = {};
  if (lstat(hand.path.c_str(), &before) != 0) return Failed(hand.op.path);
  if (static_cast<std::size_t>(before.st_size) != hand.op.content.size())
    return hand.op.path + " has another size; give content of the same size";
  const std::string error = Write(hand, hand.op.content);
  const timespec times[2] = {before.st_atim, before.st_mtim};
  if (error.empty()) utimensat(AT_FDCWD, hand.path.c_str(), times, 0);
  return error;
}

std::string StartSlowWrite(const Hand& hand) {
  MakeParents(hand.path);
  const int fd = open(hand.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return Failed(hand.op.path);
  hand.slow.push_back({fd, hand.op.content, hand.op.number, 1, 0, hand.op.interval_ms});
  return {};
}

std::string Link(const Hand& hand) {
  MakeParents(hand.path);
  if (Exists(hand.path)) unlink(hand.path.c_str());
  return symlink(hand.op.other.c_str(), hand.path.c_str()) == 0 ? "" : Failed(hand.op.path);
}

std::string MakeDirectory(const Hand& hand) {
  MakeParents(hand.path);
  return mkdir(hand.path.c_str(), 0755) == 0 ? "" : Failed(hand.op.path);
}

std::string RemoveTree(const Hand& hand) {
  std::error_code error;
  if (!Exists(hand.path)) return hand.op.path + " is not there; write it first";
  fs::remove_all(hand.path, error);
  return error ? hand.op.path + ": " + error.message() : "";
}

}  // namespace

bool WriteWhole(const std::string& path, const std::string& content) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return false;
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t count = write(fd, content.data() + done, content.size() - done);
    if (count < 0 && errno != EINTR) break;
    if (count > 0) done += static_cast<std::size_t>(count);
  }
  return close(fd) == 0 && done == content.size();
}

std::string DoRealOp(const std::string& root, const UserOp& op, std::deque<SlowWrite>& slow) {
  const Hand hand{root, op, slow, root + "/" + op.path, root + "/" + op.other};
  const auto done = [&](int result) { return result == 0 ? std::string() : Failed(op.path); };
  switch (op.act) {
    case UserAct::kWrite:
      return Write(hand, op.content);
    case UserAct::kAppend:
      return Append(hand);
    case UserAct::kDelete:
      return done(unlink(hand.path.c_str()));
    case UserAct::kRename:
      return Rename(hand);
    case UserAct::kSwap:
      return Swap(hand);
    case UserAct::kMkdir:
      return MakeDirectory(hand);
    case UserAct::kRmdir:
      return done(rmdir(hand.path.c_str()));
    case UserAct::kRmtree:
      return RemoveTree(hand);
    case UserAct::kTouch:
    case UserAct::kUtime:
      return SetTimes(hand);
    case UserAct::kChmod:
      return done(chmod(hand.path.c_str(), static_cast<mode_t>(op.number)));
    case UserAct::kSymlink:
      return Link(hand);
    case UserAct::kSave:
      return Save(hand);
    case UserAct::kFsync:
      return Fsync(hand);
    case UserAct::kSlowWrite:
      return StartSlowWrite(hand);
    case UserAct::kWriteSameStat:
      return WriteSameStat(hand);
    default:
      return "this can't be done to real files";
  }
}

}  // namespace kinfolder::sim

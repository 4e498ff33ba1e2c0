#include "shells/store/directory_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

namespace kinfolder {
namespace {

constexpr std::uint32_t kChanges = IN_CLOSE_WRITE | IN_MOVED_TO;
constexpr std::uint32_t kLost = IN_IGNORED | IN_UNMOUNT | IN_Q_OVERFLOW | IN_MOVE_SELF;

}  // namespace

DirectoryWatch::DirectoryWatch(std::string root_path)
    : root_path_(std::move(root_path)), inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

Status DirectoryWatch::Watch(std::map<std::string, Cap> files, std::uint64_t epoch) {
  const std::lock_guard lock(mutex_);
  files_ = std::move(files);
  Disarm();
  return Arm(epoch);
}

Status DirectoryWatch::Arm(std::uint64_t epoch) {
  if (!inotify_.valid()) return {};
  std::set<std::string> parents;
  for (const auto& [path, cap] : files_) parents.insert(path.substr(0, path.rfind('/')));
  for (const std::string& parent : parents) {
    const std::string path = root_path_ + "/" + parent;
    const int watch =
        inotify_add_watch(inotify_.get(), path.c_str(), kChanges | IN_MOVE_SELF | IN_ONLYDIR);
    if (watch < 0) {
      const Error error = StoreErrno(errno, "can't watch a directory of the store");
      Disarm();
      return error;
    }
    directories_[watch] = parent;
  }
  epoch_ = epoch;
  return {};
}

void DirectoryWatch::Disarm() {
  for (const auto& [watch, parent] : directories_) inotify_rm_watch(inotify_.get(), watch);
  directories_.clear();
  epoch_ = 0;
}

std::vector<Cap> DirectoryWatch::All() const {
  std::vector<Cap> caps;
  for (const auto& [path, cap] : files_) caps.push_back(cap);
  return caps;
}

// False when changes may have been missed.
bool DirectoryWatch::ReadEvents(std::vector<Cap>& changed) {
  bool complete = true;
  alignas(inotify_event) char buffer[16 * 1024];
  for (;;) {
    const ssize_t size = read(inotify_.get(), buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return complete;
    for (ssize_t at = 0; at < size;) {
      inotify_event event;
      std::memcpy(&event, buffer + at, sizeof event);
      const char* name = buffer + at + sizeof event;
      at += static_cast<ssize_t>(sizeof event + event.len);
      const auto parent = directories_.find(event.wd);
      const bool overflow = (event.mask & IN_Q_OVERFLOW) != 0;
      if (parent == directories_.end() && !overflow) continue;  // Of a watch that was removed.
      if ((event.mask & kLost) != 0) {
        complete = false;
      } else if (event.len > 0) {
        const auto file = files_.find(parent->second + "/" + name);
        if (file != files_.end()) changed.push_back(file->second);
      }
    }
  }
}

std::vector<Cap> DirectoryWatch::Drain(std::uint64_t epoch) {
  const std::lock_guard lock(mutex_);
  std::vector<Cap> changed;
  const bool complete = ReadEvents(changed);
  if (!complete || epoch_ != epoch) {
    Disarm();
    Status armed = Arm(epoch);  // When this fails the next Drain tries again.
    static_cast<void>(armed);
    return All();
  }
  std::sort(changed.begin(), changed.end());
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  return changed;
}

}  // namespace kinfolder

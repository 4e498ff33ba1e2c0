// Watching: events become looks, and looks become news for the core.
#include <sys/epoll.h>

#include <utility>

#include "shells/host/scan_port.h"

namespace kinfolder {

namespace {

constexpr std::int64_t kWatchAgainMs = 10'000;
constexpr std::int64_t kPollMs = 60'000;  // where a watch can't be had
constexpr std::size_t kLooksPerJob = 512;

}  // namespace

void ScanPort::CloseWatch() {
  if (watcher_ != nullptr) parts_.loop.RemoveFd(watcher_->fd());
  watcher_.reset();
  watched_disk_.reset();
  if (debounce_timer_) parts_.loop.RemoveTimer(*debounce_timer_);
  debounce_timer_.reset();
}

void ScanPort::OnRootOpened() {
  CloseWatch();
  AbortPass();
  if (!parts_.options.watch) return;
  watched_disk_ = parts_.disk;
  Result<std::unique_ptr<Watcher>> made =
      Watcher::Create(watched_disk_->root, &parts_.tables.names(),
                      [this](PathId dir, std::string_view name) { return IsIgnored(dir, name); });
  if (!made.ok()) return ScanLater(kPollMs);
  watcher_ = std::move(made).value();
  const Status added =
      parts_.loop.AddFd(watcher_->fd(), EPOLLIN, [this](std::uint32_t) { OnWatchReadable(); });
  if (added.ok()) return;
  watcher_.reset();
  ScanLater(kPollMs);
}

void ScanPort::ScanLater(std::int64_t delay_ms) {
  if (std::exchange(scan_later_, true)) return;
  parts_.loop.AddTimer(EventLoop::MonoMs() + delay_ms, parts_.WhileAlive([this] {
    scan_later_ = false;
    parts_.feed(WatchLost{});
    if (watcher_ == nullptr && parts_.options.watch) OnRootOpened();
  }));
}

void ScanPort::OnWatchReadable() {
  bool lost = false;
  bool died = false;
  for (const WatchEvent& event : watcher_->Read()) {
    lost |= event.kind == WatchEventKind::kOverflow;
    died |= event.kind == WatchEventKind::kDied;
    if (event.id) Debounce(event);
  }
  if (died) {
    CloseWatch();
    ScanLater(kWatchAgainMs);
  }
  if (lost || died) parts_.feed(WatchLost{});
  ArmDebounce();
}

void ScanPort::Debounce(const WatchEvent& event) {
  const std::int64_t now = EventLoop::MonoMs();
  // A directory that was just made or emptied is often filled or removed at once.
  const WatchEventKind kind = event.is_directory ? WatchEventKind::kRemoved : event.kind;
  debouncer_.Add(event.id, kind, now);
  if (event.is_directory && event.kind == WatchEventKind::kRemoved)
    removed_directories_.insert(event.id);
  // The parent may be empty now, or not any more.
  if (!event.dir) return;
  const AgentState& state = parts_.state();
  const bool recorded =
      event.dir.value < state.paths.size() && state.paths[event.dir.value].record.disk.there;
  if (recorded || event.kind == WatchEventKind::kRemoved)
    debouncer_.Add(event.dir, WatchEventKind::kRemoved, now);
}

void ScanPort::ArmDebounce() {
  if (debounce_timer_) parts_.loop.RemoveTimer(*debounce_timer_);
  debounce_timer_.reset();
  const std::optional<std::int64_t> next = debouncer_.NextDue();
  if (!next) return;
  debounce_timer_ = parts_.loop.AddTimer(*next, [this] {
    debounce_timer_.reset();
    LookAtDue();
    ArmDebounce();
  });
}

void ScanPort::LookAtDue() {
  std::vector<PathId> due = debouncer_.Due(EventLoop::MonoMs());
  std::vector<PathId> removed;
  for (const PathId path : due)
    if (removed_directories_.erase(path) != 0) removed.push_back(path);
  if (!removed.empty()) {
    for (const PathId path : KnownPaths(parts_.state()))
      for (const PathId directory : removed)
        if (path != directory && parts_.tables.names().IsWithin(path, directory))
          due.push_back(path);
  }
  for (std::size_t begin = 0; begin < due.size(); begin += kLooksPerJob) {
    const std::size_t end = std::min(due.size(), begin + kLooksPerJob);
    LookAtAll({due.begin() + static_cast<std::ptrdiff_t>(begin),
               due.begin() + static_cast<std::ptrdiff_t>(end)});
  }
}

void ScanPort::LookAtAll(std::vector<PathId> paths) {
  std::vector<DiskPath> names;
  for (const PathId path : paths) names.push_back(parts_.tables.names().DiskPathOf(path));
  if (watched_disk_ == nullptr) return;
  parts_.Run(
      parts_.disk_workers,
      [disk = watched_disk_, names = std::move(names)] { return LookAtMany(*disk, names); },
      [this, paths = std::move(paths)](const std::vector<LookResult>& results) {
        Observed news;
        for (std::size_t i = 0; i < paths.size(); ++i) {
          const Observation seen = MakeObservation(parts_.tables, paths[i], results[i]);
          disk_port_.NoteSize(paths[i], seen.stat);
          const AgentState& state = parts_.state();
          const bool known = paths[i].value < state.paths.size();
          // A directory with content is nobody's news unless a file was there.
          if (seen.presence == Presence::kGone && !known) continue;
          news.observations.push_back(seen);
        }
        if (!news.observations.empty()) parts_.feed(std::move(news));
      });
}

}  // namespace kinfolder

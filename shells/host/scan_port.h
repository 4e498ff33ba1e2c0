// ScanPort: scans a folder and watches it, and tells the core what is there. Internal to
// shells/host.
//
// A scan runs in slices between the loop's other work. The watcher is started before the first one,
// so nothing falls between; what can't be watched is scanned now and then.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/agent/effect.h"
#include "shells/host/disk_port.h"
#include "shells/host/host_parts.h"
#include "shells/posix/debounce.h"
#include "shells/posix/scan.h"
#include "shells/posix/watch.h"

namespace kinfolder {

// Something in the folder that has no path of its own in the core.
struct NamedProblem {
  std::string path;
  Reason reason = Reason::kNone;
};

class ScanPort {
 public:
  ScanPort(HostParts& parts, DiskPort& disk_port);
  ~ScanPort();
  ScanPort(const ScanPort&) = delete;
  ScanPort& operator=(const ScanPort&) = delete;

  // Another root (or the first one) is there: watches it.
  void OnRootOpened();
  void Add(const Scan& effect);

  // Names that can't be carried, as the last complete scan saw them.
  const std::vector<NamedProblem>& problems() const { return problems_; }

 private:
  struct Pass;

  bool IsIgnored(PathId dir, std::string_view name) const;
  void Slice();
  void TakeSlice(const std::vector<ScanEntry>& entries, Observed& news);
  void FinishPass();
  void AbortPass();
  void ObserveDirectories(Observed& news);
  void ObserveUnseen(Observed& news);
  void NoteProblems();

  void CloseWatch();
  void OnWatchReadable();
  void Debounce(const WatchEvent& event);
  void ArmDebounce();
  void LookAtDue();
  void LookAtAll(std::vector<PathId> paths);
  void ScanLater(std::int64_t delay_ms);

  HostParts& parts_;
  DiskPort& disk_port_;
  std::unique_ptr<Pass> pass_;
  std::vector<NamedProblem> problems_;

  std::shared_ptr<DiskSide> watched_disk_;  // keeps the watched root open
  std::unique_ptr<Watcher> watcher_;
  Debouncer debouncer_;
  std::set<PathId> removed_directories_;
  std::optional<EventLoop::TimerId> debounce_timer_;
  bool scan_later_ = false;
};

}  // namespace kinfolder

#include "shells/cli/checkup.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <map>
#include <memory>
#include <string_view>

#include "shells/api/control_client.h"
#include "shells/cli/format.h"
#include "shells/grid/mangling.h"
#include "shells/posix/lock.h"
#include "shells/posix/root.h"
#include "shells/setup/durable_file.h"
#include "shells/setup/folders.h"
#include "shells/setup/state_dir.h"
#include "shells/setup/store_url.h"

namespace kinfolder {
namespace {

constexpr std::uint64_t kLittleSpace = 500'000'000;
constexpr std::size_t kMostNames = 5;
constexpr std::int64_t kEarliestClock = 1'767'225'600;  // 2026

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

using Findings = std::vector<Finding>;

void Good(Findings& out, const char* what, std::string text) {
  out.push_back({FindingLevel::kGood, what, std::move(text)});
}
void Note(Findings& out, const char* what, std::string text) {
  out.push_back({FindingLevel::kNote, what, std::move(text)});
}
void Problem(Findings& out, const char* what, std::string text) {
  out.push_back({FindingLevel::kProblem, what, std::move(text)});
}

void CheckState(const StateDir& state, Findings& out) {
  Good(out, "state", "the state directory " + state.path() + " is readable");
  struct stat found = {};
  if (::stat(state.path().c_str(), &found) == 0) {
    if ((found.st_mode & 0077) != 0) {
      Problem(out, "permissions",
              "others can look into " + state.path() + "; run: chmod 700 " + state.path());
    } else if (found.st_uid != ::geteuid()) {
      Problem(out, "permissions", state.path() + " belongs to another user; run as that one");
    } else {
      Good(out, "permissions", "it is private");
    }
  }
  if (state.LooksCopied()) {
    Problem(out, "copied",
            "the state directory is not where it was made: if it was moved, and the old one is not "
            "used any more, run `kinfolder doctor --moved`; if it is a copy, remove it and join "
            "again");
  }
}

void CheckAgent(const StateDir& state, Findings& out) {
  if (ControlClient::Connect(state.SocketPath()).ok()) {
    Good(out, "agent", "the agent is running");
  } else if (const Result<StateLock> lock = StateLock::Acquire(state.path()); !lock.ok()) {
    Problem(out, "agent", "an agent holds the lock but does not answer: " + lock.error().text);
  } else {
    Note(out, "agent", "no agent is running; start it with `kinfolder run`");
  }
}

void CheckStore(const StateDir& state, Findings& out) {
  const std::string& url = state.info().store_url;
  const Result<std::unique_ptr<ObjectStore>> store = OpenStore(url);
  const Status health = store.ok() ? store.value()->Health() : Status(store.error());
  if (!health.ok()) return Problem(out, "store", "the store " + url + ": " + health.error().text);
  Good(out, "store", "the store " + url + " can be read and written");
  const Result<std::vector<FolderSetup>> records = state.Folders();
  if (!records.ok()) return;
  for (const FolderSetup& record : records.value()) {
    const auto members = ReadMembers(*store.value(), record.collective_read_cap);
    if (members.ok()) {
      Good(out, "collective",
           "the folder '" + record.name + "' has " +
               Count(members.value().size(), "participant", "participants"));
    } else {
      Problem(out, "collective",
              "the list of participants of '" + record.name +
                  "' can't be read: " + members.error().text);
    }
  }
}

void CheckSpace(const std::string& path, const std::string& whose, Findings& out) {
  struct statvfs space = {};
  if (::statvfs(path.c_str(), &space) != 0) return;
  const std::uint64_t free_bytes = std::uint64_t{space.f_bavail} * space.f_frsize;
  const std::string text = HumanBytes(free_bytes) + " are free for " + whose;
  if (free_bytes < kLittleSpace) {
    Problem(out, "space", "only " + text + " (" + path + "); make room");
  } else {
    Good(out, "space", text);
  }
}

// Names that can't be synchronised, and the number of directories.
struct TreeReport {
  std::vector<std::string> bad_names;
  std::vector<std::string> unreadable;
  std::size_t directories = 0;
};

TreeReport LookThrough(const std::string& root) {
  TreeReport report;
  std::vector<std::string> open = {root};
  while (!open.empty()) {
    const std::string path = std::move(open.back());
    open.pop_back();
    ++report.directories;
    const std::unique_ptr<DIR, CloseDir> dir(::opendir(path.c_str()));
    if (dir == nullptr) {
      report.unreadable.push_back(path);
      continue;
    }
    std::map<std::string, std::string> seen;  // by NFC form
    while (const dirent* entry = ::readdir(dir.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == ".." || name == ".kinfolder") continue;
      const std::string whole = path + "/" + name;
      const Result<std::string> nfc = ToNfc(name);
      if (!nfc.ok() || !seen.emplace(nfc.value(), name).second) report.bad_names.push_back(whole);
      struct stat found = {};
      if (::lstat(whole.c_str(), &found) != 0) continue;
      if (S_ISDIR(found.st_mode)) open.push_back(whole);
      if (S_ISREG(found.st_mode) && ::access(whole.c_str(), R_OK) != 0) {
        report.unreadable.push_back(whole);
      }
    }
  }
  return report;
}

std::string Some(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMostNames; ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kMostNames) {
    text += " and " + std::to_string(names.size() - kMostNames) + " more";
  }
  return text;
}

std::size_t CheckTree(const FolderSetup& record, Findings& out) {
  const TreeReport report = LookThrough(record.path);
  if (!report.bad_names.empty()) {
    Problem(out, "names",
            "names that are not UTF-8, or can't be told apart, are not synchronised; "
            "rename: " +
                Some(report.bad_names));
  }
  if (!report.unreadable.empty()) {
    Problem(
        out, "readable",
        "not readable, so not synchronised; change the permissions: " + Some(report.unreadable));
  }
  if (report.bad_names.empty() && report.unreadable.empty()) {
    Good(out, "files", "all files of '" + record.name + "' can be read and named");
  }
  return report.directories;
}

// The number of its directories.
std::size_t CheckRoot(const StateDir& state, const FolderSetup& record, Findings& out) {
  const Result<Root> root = Root::Open(record.path, {FolderId(record), state.info().state_id});
  const std::string named = "the folder '" + record.name + "' (" + record.path + ")";
  if (!root.ok()) {
    Problem(out, "root",
            named +
                " is not there: is its disk mounted? Nothing is deleted because of "
                "that");
    return 0;
  }
  const RootStatus status = root.value().Check();
  if (status == RootStatus::kNoMarker) {
    Problem(out, "root",
            named +
                " lacks its marker .kinfolder/root.json: it was emptied or "
                "exchanged; put the right directory there");
    return 0;
  }
  if (status != RootStatus::kOk) {
    Problem(out, "root",
            named +
                " is marked by another state directory; use that one, or leave "
                "the folder here");
    return 0;
  }
  Good(out, "root", named + " is ours");
  if (::access(record.path.c_str(), W_OK) != 0) {
    Problem(out, "root", record.path + " can't be written to; change its permissions");
  }
  CheckSpace(record.path, "'" + record.name + "'", out);
  return CheckTree(record, out);
}

void CheckWatches(std::size_t directories, Findings& out) {
  const Result<std::string> text = ReadSmallFile("/proc/sys/fs/inotify/max_user_watches", 4096);
  if (!text.ok()) return;
  const std::uint64_t most = std::strtoull(text.value().c_str(), nullptr, 10);
  const std::string counts = std::to_string(directories) + " directories, at most " +
                             std::to_string(most) + " can be watched";
  if (directories > most / 10 * 9) {
    Problem(out, "inotify",
            counts +
                "; changes are then found by scans only. Raise the limit: sysctl "
                "fs.inotify.max_user_watches=" +
                std::to_string(directories * 2));
  } else {
    Good(out, "inotify", counts);
  }
}

}  // namespace

std::vector<Finding> CheckUp(const std::string& state_path) {
  Findings out;
  const Result<StateDir> state = StateDir::Open(state_path);
  if (!state.ok()) {
    Problem(out, "state", state.error().text);
    return out;
  }
  CheckState(state.value(), out);
  CheckAgent(state.value(), out);
  CheckSpace(state.value().path(), "the state directory", out);
  CheckStore(state.value(), out);
  const Result<std::vector<FolderSetup>> records = state.value().Folders();
  if (!records.ok()) {
    Problem(out, "folders", records.error().text);
    return out;
  }
  std::size_t directories = 0;
  for (const FolderSetup& record : records.value()) {
    directories += CheckRoot(state.value(), record, out);
  }
  CheckWatches(directories, out);
  if (std::time(nullptr) < kEarliestClock) {
    Problem(out, "clock",
            "the clock says " + FormatTime(std::time(nullptr)) + " UTC, which is long ago; set it");
  } else {
    Good(out, "clock", "the clock says " + FormatTime(std::time(nullptr)) + " UTC");
  }
  return out;
}

std::vector<Finding> AcceptMoved(const std::string& state_path) {
  Findings out;
  Result<StateDir> state = StateDir::Open(state_path);
  if (!state.ok()) {
    Problem(out, "state", state.error().text);
    return out;
  }
  const Result<StateLock> lock = StateLock::Acquire(state.value().path());
  if (!lock.ok()) {
    Problem(out, "agent", lock.error().text);
    return out;
  }
  const Status accepted = state.value().AcceptMove();
  if (accepted.ok()) {
    Good(out, "copied", "the state directory belongs here now");
  } else {
    Problem(out, "copied", accepted.error().text);
  }
  return out;
}

}  // namespace kinfolder

// Judges what `expect` says.
#include <algorithm>
#include <set>

#include "sim/scenario/run.h"
#include "sim/world/file_names.h"

namespace kinfolder::sim {

namespace {

const char* KindOfError(Reason reason) {
  switch (reason) {
    case Reason::kSignature:
      return "signature";
    case Reason::kWrongPath:
      return "wrong-path";
    case Reason::kOutside:
      return "outside";
    case Reason::kTooLarge:
      return "too-large";
    case Reason::kHistory:
      return "history";
    case Reason::kWrongVersion:
      return "wrong-version";
    case Reason::kUnknownAuthor:
      return "unknown-author";
    case Reason::kForeignWrite:
      return "foreign-write";
    case Reason::kRollback:
      return "rollback";
    case Reason::kCorrupt:
      return "corrupt";
    case Reason::kName:
      return "name";
    case Reason::kNameClash:
      return "case-clash";
    case Reason::kIo:
    case Reason::kPermission:
      return "io";
    case Reason::kDiskFull:
      return "disk-full";
    case Reason::kQuota:
      return "quota";
    case Reason::kRootMissing:
      return "root-missing";
    case Reason::kRootChanged:
      return "root-changed";
    case Reason::kStore:
    case Reason::kNotFound:
      return "store";
    case Reason::kHeld:
      return "held";
    default:
      return "none";
  }
}

const char* MoodText(FolderMood mood) {
  switch (mood) {
    case FolderMood::kInSync:
      return "in-sync";
    case FolderMood::kSyncing:
      return "syncing";
    case FolderMood::kBlocked:
      return "blocked";
    case FolderMood::kPaused:
      return "paused";
    case FolderMood::kOffline:
      return "offline";
  }
  return "?";
}

using Contents = std::vector<std::optional<std::string>>;

std::string Text(const std::optional<std::string>& content) {
  return content ? Quoted(*content) : "deleted";
}

std::string Text(const Contents& contents) {
  std::string text;
  for (const auto& content : contents) text += (text.empty() ? "" : ", ") + Text(content);
  return text.empty() ? "nothing" : text;
}

class Checker {
 public:
  Checker(Play& play, const Expectation& expectation, int machine, std::string* expected,
          std::string* is, std::string* refusal)
      : world_(play.world),
        e_(expectation),
        machine_(machine),
        m_(At(play.world, machine)),
        expected_(*expected),
        is_(*is),
        refusal_(*refusal) {}

  bool Check() {
    switch (e_.form) {
      case Form::kContent:
      case Form::kAbsent:
      case Form::kDir:
      case Form::kMode:
      case Form::kSymlink:
      case Form::kMtime:
      case Form::kOneOf:
        return CheckPath();
      case Form::kVersions:
      case Form::kConflicts:
        return CheckShown();
      case Form::kKeeps:
      case Form::kFiles:
      case Form::kOnly:
        return CheckFolder();
      case Form::kHistory:
      case Form::kHistoryHas:
      case Form::kSnapshots:
        return CheckHistory();
      case Form::kUploads:
      case Form::kDownloads:
      case Form::kDmdWrites:
      case Form::kSnapshotsMade:
        return CheckCounter();
      case Form::kHeldDeletes:
      case Form::kState:
      case Form::kError:
        return CheckView();
      default:
        return false;
    }
  }

 private:
  bool Compare(const std::string& expected, const std::string& is) {
    expected_ = "on " + m_.name + (e_.path.empty() ? "" : ", " + e_.path) + ": " + expected;
    is_ = is;
    return expected == is;
  }

  std::optional<std::string> Content(const std::string& path) const {
    const Inode* inode = FindFile(m_.disk, path);
    if (inode == nullptr || inode->kind != Kind::kFile) return std::nullopt;
    return world_.blobs.Bytes(inode->blob);
  }

  std::string WhatIsThere() const {
    const Inode* inode = FindFile(m_.disk, e_.path);
    if (inode == nullptr) return "absent";
    if (inode->kind == Kind::kDirectory) return "a directory";
    return Describe(world_.blobs, {inode->kind, inode->blob, false});
  }

  bool CheckPath() {
    const Inode* inode = FindFile(m_.disk, e_.path);
    const auto octal = [](std::uint32_t mode) {
      std::string text;
      for (int shift = 6; shift >= 0; shift -= 3)
        text += static_cast<char>('0' + (mode >> shift & 7));
      return text;
    };
    switch (e_.form) {
      case Form::kContent:
        Compare(Text(e_.contents[0]), WhatIsThere());
        return Content(e_.path) == e_.contents[0];
      case Form::kAbsent:
        return Compare("absent", WhatIsThere());
      case Form::kDir:
        return Compare("a directory", WhatIsThere());
      case Form::kMode:
        // Only the executable bit is carried; the rest is what a new file has.
        Compare("mode " + octal(static_cast<std::uint32_t>(e_.number)),
                inode ? "mode " + octal(inode->mode) : "absent");
        return inode && inode->mode == static_cast<std::uint32_t>(e_.number);
      case Form::kSymlink:
        Compare("link to " + Quoted(e_.words[0]), WhatIsThere());
        return inode && inode->kind == Kind::kLink &&
               world_.blobs.Bytes(inode->blob) == e_.words[0];
      case Form::kMtime:
        return Compare(
            "mtime " + std::to_string(e_.number),
            inode ? "mtime " + std::to_string(inode->mtime_ns / 1'000'000'000) : "absent");
      default: {
        Compare("one of " + Text(e_.contents), WhatIsThere());
        const auto content = Content(e_.path);
        return std::find(e_.contents.begin(), e_.contents.end(), content) != e_.contents.end();
      }
    }
  }

  // The copies by their names: also on a machine whose agent does not run.
  Contents Copies(const std::string& path) const {
    Contents contents;
    const std::string mark = path.empty() ? std::string() : path + ".conflict-";
    for (const auto& [name, inode] : m_.disk.names) {
      const std::size_t at = name.rfind(".conflict-");
      if (at == std::string::npos || (!mark.empty() && name.compare(0, mark.size(), mark) != 0))
        continue;
      const Inode& file = *FindFile(m_.disk, name);
      contents.emplace_back(world_.blobs.Bytes(file.blob));
    }
    return contents;
  }

  bool CompareSets(Contents expected, Contents is) {
    const auto order = [](Contents& contents) {
      std::sort(contents.begin(), contents.end());
      contents.erase(std::unique(contents.begin(), contents.end()), contents.end());
    };
    order(expected);
    order(is);
    Compare(Text(expected), Text(is));
    return expected == is;
  }

  bool CheckShown() {
    Contents is = Copies(e_.path);
    if (e_.form == Form::kVersions) {
      is.push_back(Content(e_.path));
      return CompareSets(e_.contents, is);
    }
    if (!e_.path.empty() &&
        is.size() != std::set<std::optional<std::string>>(is.begin(), is.end()).size()) {
      Compare(Text(e_.contents), Text(is) + " (one of them twice)");
      return false;
    }
    return CompareSets(e_.contents, is);
  }

  bool CheckFolder() {
    std::uint64_t files = 0;
    std::set<std::string> names;
    std::set<std::string> contents;
    for (const auto& [path, number] : m_.disk.names) {
      const Inode& inode = m_.disk.inodes.at(number);
      if (inode.kind == Kind::kFile) ++files;
      if (inode.kind == Kind::kFile) contents.insert(world_.blobs.Bytes(inode.blob));
      if (inode.kind != Kind::kDirectory || !HasChildren(m_.disk, path)) names.insert(path);
    }
    if (e_.form == Form::kFiles)
      return Compare(std::to_string(e_.number) + " files", std::to_string(files) + " files");
    if (e_.form == Form::kOnly) {
      const std::set<std::string> wanted(e_.words.begin(), e_.words.end());
      const auto list = [](const std::set<std::string>& paths) {
        std::string text = "only";
        for (const std::string& path : paths) text += " " + path;
        return text;
      };
      return Compare(list(wanted), list(names));
    }
    bool all = true;
    for (const auto& content : e_.contents) all = all && content && contents.count(*content) != 0;
    Compare("somewhere " + Text(e_.contents),
            "not all of them in " + std::to_string(files) + " files");
    return all;
  }

  bool CheckHistory() {
    const std::vector<TruthId> history =
        LinearHistory(world_, m_.state.directory, WirePath(e_.path).value_or(e_.path));
    if (e_.form == Form::kSnapshots)
      return Compare(std::to_string(e_.number) + " snapshots",
                     std::to_string(history.size()) + " snapshots");
    Contents is;
    for (TruthId id : history) {
      const SharedVersion& version = NodeOf(world_.truth, id).version;
      is.push_back(version.kind == Kind::kDeleted
                       ? std::nullopt
                       : std::optional<std::string>(world_.blobs.Bytes(version.blob)));
    }
    Compare("history " + Text(e_.contents), Text(is));
    if (e_.form == Form::kHistory) return is == e_.contents;
    for (const auto& content : e_.contents)
      if (std::find(is.begin(), is.end(), content) == is.end()) return false;
    return true;
  }

  bool Running() {
    if (!IsRunning(m_)) refusal_ = m_.name + " is not running; expected a running agent";
    return IsRunning(m_);
  }

  bool CheckCounter() {
    if (!Running()) return false;
    std::uint64_t count = m_.counters.uploads;
    const char* what = " uploads";
    if (e_.form == Form::kDownloads) {
      count = m_.counters.downloads;
      what = " downloads";
    } else if (e_.form == Form::kDmdWrites) {
      count = m_.counters.dmd_writes;
      what = " directory writes";
    } else if (e_.form == Form::kSnapshotsMade) {
      count = m_.counters.snapshots_made;
      what = " snapshots made";
    }
    return Compare(std::to_string(e_.number) + what, std::to_string(count) + what);
  }

  bool CheckView() {
    if (!Running()) return false;
    if (m_.peer) {
      refusal_ = m_.name + " is a peer and says nothing of itself; expected a machine that is none";
      return false;
    }
    const FolderView view = View(m_.agent->driver.state());
    if (e_.form == Form::kState) return Compare(e_.words[0], MoodText(view.mood));
    if (e_.form == Form::kHeldDeletes)
      return Compare(std::to_string(e_.number) + " held deletes",
                     std::to_string(view.held_deletes.size()) + " held deletes");
    std::set<std::string> found;
    if (e_.path.empty() && view.folder_reason != Reason::kNone)
      found.insert(KindOfError(view.folder_reason));
    if (e_.path.empty() && view.rolled_back_wall_ms != 0)
      found.insert(KindOfError(Reason::kRollback));
    for (const BlockedPath& blocked : view.blocked)
      if (e_.path.empty() || m_.agent->tables.paths.at(blocked.path.value) == e_.path)
        found.insert(KindOfError(blocked.reason));
    for (const auto& [path, reason] : NamelessFiles(m_, m_.agent->tables))
      if (e_.path.empty() || path == e_.path) found.insert(KindOfError(reason));
    for (PathId held : view.held_deletes)
      if (e_.path.empty() || m_.agent->tables.paths.at(held.value) == e_.path) found.insert("held");
    std::string is;
    for (const std::string& one : found) is += (is.empty() ? "" : ", ") + one;
    Compare("error " + e_.words[0], is.empty() ? "no error" : is);
    return found.count(e_.words[0]) != 0;
  }

  World& world_;
  const Expectation& e_;
  int machine_;
  Machine& m_;
  std::string& expected_;
  std::string& is_;
  std::string& refusal_;
};

// What is compared by `same`: kind, content, executable bit, target; copies by version.
std::map<std::string, std::string> TreeOf(World& world, int machine) {
  std::map<std::string, std::string> tree;
  if (At(world, machine).state.directory == 0) return tree;
  for (const auto& [path, shown] : ShownBy(world, machine)) {
    std::set<SharedVersion> all = shown.copies;
    std::string text = shown.copies.empty() ? Describe(world.blobs, shown.file) : "";
    if (!shown.copies.empty()) all.insert(shown.file);
    for (const SharedVersion& version : all)
      if (!shown.copies.empty()) text += Describe(world.blobs, version) + " | ";
    tree[path] = text;
  }
  return tree;
}

bool CheckSame(World& world, const std::vector<int>& machines, std::string* expected,
               std::string* is) {
  for (std::size_t i = 1; i < machines.size(); ++i) {
    const auto first = TreeOf(world, machines[0]), other = TreeOf(world, machines[i]);
    for (const auto* tree : {&first, &other})
      for (const auto& [path, text] : *tree) {
        const auto a = first.find(path), b = other.find(path);
        const std::string on_a = a == first.end() ? "absent" : a->second;
        const std::string on_b = b == other.end() ? "absent" : b->second;
        if (on_a == on_b || Ignores(At(world, machines[0]), path) ||
            Ignores(At(world, machines[i]), path))
          continue;
        *expected = path + " the same on all";
        *is = At(world, machines[0]).name + ": " + on_a + "; " + At(world, machines[i]).name +
              ": " + on_b;
        return false;
      }
  }
  return true;
}

}  // namespace

bool Holds(Play& play, const Expectation& expectation, std::string* expected, std::string* is,
           std::string* refusal) {
  std::vector<int> machines = expectation.machines;
  if (expectation.all)
    for (std::size_t i = 0; i < play.world.machines.size(); ++i)
      if (play.world.machines[i].joined && !play.world.machines[i].left)
        machines.push_back(static_cast<int>(i));
  if (expectation.form == Form::kSame) return CheckSame(play.world, machines, expected, is);
  if (expectation.form == Form::kOutsideNone) {
    // A simulated agent reaches nothing but names inside of its folder; a name that leads out of
    // it would be the sign.
    for (const Machine& m : play.world.machines)
      for (const auto& [path, inode] : m.disk.names)
        if (("/" + path + "/").find("/../") != std::string::npos) {
          *expected = "nothing outside of the folders";
          *is = path + " on " + m.name;
          return false;
        }
    return true;
  }
  for (int machine : machines)
    if (!Checker(play, expectation, machine, expected, is, refusal).Check()) return false;
  return true;
}

}  // namespace kinfolder::sim

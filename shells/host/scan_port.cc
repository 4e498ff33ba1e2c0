// Scanning; watching is in scan_port_watch.cc.
#include "shells/host/scan_port.h"

#include <fnmatch.h>

#include <utility>

#include "shells/host/convert.h"

namespace kinfolder {

namespace {

constexpr std::size_t kEntriesPerSlice = 2000;

void Mark(std::vector<bool>& marks, PathId path) {
  if (marks.size() <= path.value) marks.resize(path.value + 1);
  marks[path.value] = true;
}

bool IsMarked(const std::vector<bool>& marks, PathId path) {
  return path.value < marks.size() && marks[path.value];
}

}  // namespace

// One scan under way.
struct ScanPort::Pass {
  EffectId id = 0;
  std::shared_ptr<DiskSide> disk;
  std::unique_ptr<Scanner> scanner;
  std::vector<bool> seen;
  std::vector<bool> has_content;  // directories with something in them, listed or not
  std::vector<ScanEntry> directories;
};

ScanPort::ScanPort(HostParts& parts, DiskPort& disk_port) : parts_(parts), disk_port_(disk_port) {}

ScanPort::~ScanPort() { CloseWatch(); }

bool ScanPort::IsIgnored(PathId dir, std::string_view name) const {
  if (parts_.options.ignore.empty()) return false;
  const std::string component(name);
  std::string path = parts_.tables.names().WirePath(dir);
  if (!path.empty()) path += '/';
  path += component;
  for (const std::string& pattern : parts_.options.ignore) {
    const bool whole = pattern.find('/') != std::string::npos;
    const std::string& subject = whole ? path : component;
    if (::fnmatch(pattern.c_str(), subject.c_str(), whole ? FNM_PATHNAME : 0) == 0) return true;
  }
  return false;
}

void ScanPort::Add(const Scan& effect) {
  if (parts_.disk == nullptr) {
    parts_.feed(ScanFinished{effect.id, false});
    return;
  }
  pass_ = std::make_unique<Pass>();
  pass_->id = effect.id;
  pass_->disk = parts_.disk;
  ScanOptions options;
  options.ignored = [this](PathId dir, std::string_view name) {
    const bool ignored = IsIgnored(dir, name);
    if (ignored && pass_ != nullptr) Mark(pass_->has_content, dir);
    return ignored;
  };
  if (watcher_ != nullptr) options.on_directory = watcher_->directory_hook();
  pass_->scanner =
      std::make_unique<Scanner>(pass_->disk->root, &parts_.tables.names(), std::move(options));
  Slice();
}

void ScanPort::Slice() {
  std::vector<ScanEntry> entries;
  const bool more = pass_->scanner->Step(kEntriesPerSlice, &entries);
  Observed news;
  TakeSlice(entries, news);
  if (!news.observations.empty()) parts_.feed(std::move(news));
  if (!more) return FinishPass();
  parts_.loop.Post(parts_.WhileAlive([this, id = pass_->id] {
    if (pass_ != nullptr && pass_->id == id) Slice();
  }));
}

void ScanPort::TakeSlice(const std::vector<ScanEntry>& entries, Observed& news) {
  for (const ScanEntry& entry : entries) {
    Mark(pass_->seen, entry.id);
    Mark(pass_->has_content, parts_.tables.names().Parent(entry.id));
    if (entry.stat.kind == FileKind::kDirectory) {
      pass_->directories.push_back(entry);
      continue;
    }
    LookResult looked;
    looked.look.presence = DiskPresence::kThere;
    looked.look.stat = entry.stat;
    news.observations.push_back(MakeObservation(parts_.tables, entry.id, looked));
    disk_port_.NoteSize(entry.id, news.observations.back().stat);
  }
}

// Empty ones are versions of their own; one with content matters only where a file was.
void ScanPort::ObserveDirectories(Observed& news) {
  for (const ScanEntry& entry : pass_->directories) {
    LookResult looked;
    looked.look.presence = DiskPresence::kThere;
    looked.look.stat = entry.stat;
    const bool empty = !IsMarked(pass_->has_content, entry.id);
    looked.emptiness = empty ? Emptiness::kEmpty : Emptiness::kNotEmpty;
    const AgentState& state = parts_.state();
    const bool known =
        entry.id.value < state.paths.size() && state.paths[entry.id.value].record.disk.there;
    if (empty || known)
      news.observations.push_back(MakeObservation(parts_.tables, entry.id, looked));
  }
}

void ScanPort::ObserveUnseen(Observed& news) {
  for (const PathId path : KnownPaths(parts_.state())) {
    if (IsMarked(pass_->seen, path)) continue;
    Observation seen;
    seen.path = path;
    if (pass_->scanner->PresenceOf(path) == DiskPresence::kGone) {
      seen.presence = Presence::kGone;
    } else {
      const Reason root = RootReason(pass_->scanner->root_status());
      seen.reason = root == Reason::kNone ? Reason::kPermission : root;
    }
    news.observations.push_back(seen);
  }
}

void ScanPort::NoteProblems() {
  problems_.clear();
  for (const ScanProblem& problem : pass_->scanner->problems()) {
    Mark(pass_->has_content, problem.dir);
    NamedProblem named;
    named.path = parts_.tables.names().WirePath(problem.id ? problem.id : problem.dir);
    if (!problem.id && !problem.name.empty())
      named.path += (named.path.empty() ? "" : "/") + problem.name;
    switch (problem.kind) {
      case ScanProblemKind::kUnreadable:
        named.reason = DiskReasonOfErrno(problem.error);
        break;
      case ScanProblemKind::kBadName:
        named.reason = Reason::kName;
        break;
      case ScanProblemKind::kClash:
        named.reason = Reason::kNameClash;
        break;
      case ScanProblemKind::kMountPoint:
        named.reason = Reason::kUnsupported;
        break;
    }
    problems_.push_back(std::move(named));
  }
}

void ScanPort::AbortPass() {
  if (pass_ == nullptr) return;
  parts_.feed(ScanFinished{pass_->id, false});
  pass_.reset();
}

void ScanPort::FinishPass() {
  NoteProblems();
  Observed news;
  const bool complete = pass_->scanner->root_status() == RootStatus::kOk;
  if (complete) ObserveDirectories(news);
  ObserveUnseen(news);
  if (!news.observations.empty()) parts_.feed(std::move(news));
  const EffectId id = pass_->id;
  pass_.reset();
  parts_.feed(ScanFinished{id, complete});
  if (watcher_ != nullptr && !watcher_->TakeProblems().empty()) ScanLater(60'000);
}

}  // namespace kinfolder

#include "shells/host/disk_port.h"

#include <utility>

#include "shells/host/convert.h"
#include "shells/names/conflict_name.h"

namespace kinfolder {

namespace {

struct RootAnswer {
  Reason reason = Reason::kRootMissing;
  std::shared_ptr<DiskSide> disk;  // null: as it was
};

// Whether our root is there; another directory of ours at the same place is taken, too.
RootAnswer LookAtRootNow(const std::shared_ptr<DiskSide>& disk, const std::string& path,
                         const RootMarker& marker, const std::string& self) {
  RootAnswer answer;
  if (disk != nullptr) {
    answer.reason = RootReason(disk->root.Check());
    if (answer.reason == Reason::kNone) return answer;
  }
  Result<Root> opened = Root::Open(path, marker);
  if (!opened.ok()) {
    if (opened.error().kind == ErrorKind::kPermission) answer.reason = Reason::kPermission;
    return answer;
  }
  const RootStatus status = opened.value().Check();
  answer.reason = RootReason(status);
  if (status == RootStatus::kOk)
    answer.disk = std::make_shared<DiskSide>(std::move(opened).value(), self);
  return answer;
}

template <class Answer, class E>
void FailAll(HostParts& parts, Lane<E>& lane) {
  for (const E& effect : lane.TakeWaiting()) {
    Answer answer;
    answer.id = effect.id;
    answer.reason = Reason::kRootMissing;
    parts.feed(answer);
  }
}

}  // namespace

DiskPort::DiskPort(HostParts& parts, std::function<void()> root_opened)
    : parts_(parts), root_opened_(std::move(root_opened)) {}

void DiskPort::Pump() {
  if (parts_.disk == nullptr) return AnswerRootMissing();
  while (looks_.MayStart()) RunLooks();
  while (captures_.MayStart()) RunCaptures();
  while (replaces_.MayStart()) RunReplaces();
  while (recovers_.MayStart()) RunRecovers();
  while (settles_.MayStart()) RunSettles();
  while (places_.MayStart()) RunPlaces();
  while (removes_.MayStart()) RunRemoves();
  while (asides_.MayStart()) RunAsides();
  while (drops_.MayStart()) RunDrops();
}

// Without a root nothing was done, so nothing is unclear.
void DiskPort::AnswerRootMissing() {
  for (const Look& effect : looks_.TakeWaiting()) {
    Observation seen;
    seen.path = effect.path;
    seen.reason = Reason::kRootMissing;
    parts_.feed(Looked{effect.id, seen});
  }
  FailAll<Captured>(parts_, captures_);
  FailAll<Replaced>(parts_, replaces_);
  FailAll<Replaced>(parts_, recovers_);
  FailAll<Settled>(parts_, settles_);
  FailAll<CopyPlaced>(parts_, places_);
  FailAll<CopyRemoved>(parts_, removes_);
  FailAll<MovedAside>(parts_, asides_);
}

std::vector<std::uint64_t> DiskPort::KeptTmpNumbers() const {
  std::vector<std::uint64_t> kept;
  const AgentState& state = parts_.state();
  for (std::uint32_t i = 1; i < state.paths.size(); ++i) {
    const PathRecord& record = state.paths[i].record;
    if (record.intent) kept.push_back(HostParts::TmpNumber(PathId{i}, record.intent->token));
    if (record.unsettled) kept.push_back(HostParts::TmpNumber(PathId{i}, record.unsettled->token));
  }
  return kept;
}

void DiskPort::Add(const LookAtRoot& effect) {
  const RootMarker marker{FolderId(parts_.setup), parts_.state_id};
  parts_.Run(
      parts_.disk_workers,
      [disk = parts_.disk, path = parts_.setup.path, marker, self = parts_.setup.participant,
       sweep = !swept_, kept = KeptTmpNumbers()] {
        RootAnswer answer = LookAtRootNow(disk, path, marker, self);
        // Before the core puts anything there in this run.
        if (sweep && answer.disk != nullptr) SweepTmp(*answer.disk, kept);
        return answer;
      },
      [this, id = effect.id](const RootAnswer& answer) {
        if (answer.disk != nullptr) {
          swept_ = true;
          parts_.disk = answer.disk;
          root_opened_();
        }
        parts_.feed(RootLooked{id, answer.reason});
      });
}

void DiskPort::NoteSize(PathId path, const Stat& stat) {
  if (stat.size >= StagingArea::kSmallBytes) {
    large_sizes_[path.value] = stat.size;
  } else if (!large_sizes_.empty()) {
    large_sizes_.erase(path.value);
  }
}

void DiskPort::RunLooks() {
  std::vector<Look> chunk = looks_.Start();
  std::vector<DiskPath> paths;
  for (const Look& effect : chunk) paths.push_back(parts_.tables.names().DiskPathOf(effect.path));
  parts_.Run(
      parts_.disk_workers,
      [disk = parts_.disk, paths = std::move(paths)] { return LookAtMany(*disk, paths); },
      [this, chunk = std::move(chunk)](const std::vector<LookResult>& results) {
        looks_.Ended();
        for (std::size_t i = 0; i < chunk.size(); ++i) {
          const Observation seen = MakeObservation(parts_.tables, chunk[i].path, results[i]);
          NoteSize(seen.path, seen.stat);
          parts_.feed(Looked{chunk[i].id, seen});
        }
        Pump();
      });
}

ContentId DiskPort::TakeContent(const CaptureResult& captured) {
  Tables& tables = parts_.tables;
  const ContentId content = tables.ContentOf(captured.sha256, captured.size);
  const ContentRow& row = tables.Content(content);
  if (row.staged || !row.cap.empty()) {
    parts_.staging->Forget(*captured.staged);  // no record of it was made
  } else {
    tables.SetStaged(content, captured.staged);
    parts_.recent.Add(content, captured.bytes);
  }
  return content;
}

void DiskPort::OnCaptured(const Capture& effect, const CaptureResult& result) {
  Captured answer;
  answer.id = effect.id;
  answer.outcome = result.outcome;
  answer.reason = result.reason;
  if (result.outcome == Outcome::kDone) {
    answer.stat = ToStat(result.stat);
    answer.version.kind = answer.stat.kind;
    answer.version.exec = answer.stat.kind == Kind::kFile && answer.stat.exec;
    if (result.staged) answer.version.content = TakeContent(result);
  }
  parts_.feed(answer);
}

void DiskPort::RunCaptures() {
  const auto size_of = [this](const Capture& effect) {
    const auto found = large_sizes_.find(effect.path.value);
    return found == large_sizes_.end() ? std::uint64_t{0} : found->second;
  };
  std::vector<Capture> chunk = captures_.Start(size_of);
  std::vector<CaptureItem> items;
  for (const Capture& effect : chunk)
    items.push_back({parts_.tables.names().DiskPathOf(effect.path), size_of(effect)});
  parts_.Run(
      parts_.disk_workers,
      [disk = parts_.disk, staging = parts_.staging, items = std::move(items)] {
        return CaptureMany(*disk, *staging, items);
      },
      [this, chunk = std::move(chunk)](const std::vector<CaptureResult>& results) {
        captures_.Ended();
        for (std::size_t i = 0; i < chunk.size(); ++i) OnCaptured(chunk[i], results[i]);
        Pump();
      });
}

namespace {

Replaced ToAnswer(EffectId id, const ReplaceResult& result) {
  Replaced answer;
  answer.id = id;
  answer.outcome = result.outcome;
  answer.stat = result.stat;
  answer.displaced = result.displaced;
  answer.displaced_stat = result.displaced_stat;
  answer.reason = result.reason;
  return answer;
}

template <class Answer, class E>
void FeedSimple(HostParts& parts, const std::vector<E>& chunk,
                const std::vector<SimpleResult>& results) {
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    Answer answer;
    answer.id = chunk[i].id;
    answer.outcome = results[i].outcome;
    answer.reason = results[i].reason;
    parts.feed(answer);
  }
}

}  // namespace

// The nearest directories above that are there only for what is in them.
std::size_t DiskPort::RemovableParents(PathId path) const {
  std::size_t count = 0;
  for (PathId dir = parts_.tables.names().Parent(path); dir;
       dir = parts_.tables.names().Parent(dir)) {
    if (KeepsDirectory(parts_.state(), dir)) break;
    ++count;
  }
  return count;
}

void DiskPort::RunReplaces() {
  std::vector<Replace> chunk = replaces_.Start();
  std::vector<ReplaceItem> items;
  for (const Replace& e : chunk)
    items.push_back({parts_.tables.names().DiskPathOf(e.path), e.expected, e.remove,
                     HostParts::TmpNumber(e.path, e.token), e.remove ? RemovableParents(e.path) : 0,
                     false});
  parts_.Run(
      parts_.disk_workers,
      [disk = parts_.disk, items = std::move(items)] { return ReplaceMany(*disk, items); },
      [this, chunk = std::move(chunk)](const std::vector<ReplaceResult>& results) {
        replaces_.Ended();
        for (std::size_t i = 0; i < chunk.size(); ++i)
          parts_.feed(ToAnswer(chunk[i].id, results[i]));
        Pump();
      });
}

void DiskPort::RunRecovers() {
  std::vector<RecoverReplace> chunk = recovers_.Start();
  std::vector<std::pair<ReplaceItem, Stat>> items;
  for (const RecoverReplace& e : chunk)
    items.push_back({{parts_.tables.names().DiskPathOf(e.path), e.expected, e.remove,
                      HostParts::TmpNumber(e.path, e.token), 0, e.gone_is_undone},
                     e.staged});
  parts_.Run(
      parts_.disk_workers,
      [disk = parts_.disk, items = std::move(items)] {
        std::vector<ReplaceResult> results;
        for (const auto& [item, staged] : items) results.push_back(RecoverOne(*disk, item, staged));
        return results;
      },
      [this, chunk = std::move(chunk)](const std::vector<ReplaceResult>& results) {
        recovers_.Ended();
        for (std::size_t i = 0; i < chunk.size(); ++i)
          parts_.feed(ToAnswer(chunk[i].id, results[i]));
        Pump();
      });
}

void DiskPort::RunSettles() {
  std::vector<Settle> chunk = settles_.Start();
  std::vector<SettleItem> items;
  for (const Settle& e : chunk)
    items.push_back({parts_.tables.names().DiskPathOf(e.path),
                     HostParts::TmpNumber(e.path, e.token), e.displaced});
  parts_.Run(
      parts_.disk_workers,
      [disk = parts_.disk, items = std::move(items)] { return SettleMany(*disk, items); },
      [this, chunk = std::move(chunk)](const std::vector<SimpleResult>& results) {
        settles_.Ended();
        FeedSimple<Settled>(parts_, chunk, results);
        Pump();
      });
}

void DiskPort::RunPlaces() {
  std::vector<PlaceCopy> chunk;
  std::vector<PathId> copies;
  std::vector<PlaceItem> items;
  for (const PlaceCopy& e : places_.Start()) {
    Tables& tables = parts_.tables;
    const Result<PathId> copy = tables.names().InsertPath(
        ConflictCopyName(tables.names().WirePath(e.path), tables.OwnerName(e.owner), e.attempt));
    if (!copy.ok()) {
      CopyPlaced failed;
      failed.id = e.id;
      failed.reason = Reason::kName;
      parts_.feed(failed);
      continue;
    }
    chunk.push_back(e);
    copies.push_back(copy.value());
    items.push_back(
        {tables.names().DiskPathOf(copy.value()), HostParts::TmpNumber(e.path, e.token)});
  }
  parts_.Run(
      parts_.disk_workers,
      [disk = parts_.disk, items = std::move(items)] { return PlaceMany(*disk, items); },
      [this, chunk = std::move(chunk),
       copies = std::move(copies)](const std::vector<ReplaceResult>& results) {
        places_.Ended();
        for (std::size_t i = 0; i < chunk.size(); ++i)
          parts_.feed(CopyPlaced{chunk[i].id, results[i].outcome, copies[i], results[i].stat,
                                 results[i].reason});
        Pump();
      });
}

void DiskPort::RunRemoves() {
  std::vector<RemoveCopy> chunk = removes_.Start();
  std::vector<RemoveCopyItem> items;
  for (const RemoveCopy& e : chunk)
    items.push_back({parts_.tables.names().DiskPathOf(e.copy), e.expected, e.release, e.id});
  parts_.Run(
      parts_.disk_workers,
      [disk = parts_.disk, items = std::move(items)] { return RemoveCopies(*disk, items); },
      [this, chunk = std::move(chunk)](const std::vector<SimpleResult>& results) {
        removes_.Ended();
        FeedSimple<CopyRemoved>(parts_, chunk, results);
        Pump();
      });
}

void DiskPort::RunAsides() {
  std::vector<MoveAside> chunk = asides_.Start();
  std::vector<AsideItem> items;
  for (const MoveAside& e : chunk)
    items.push_back({parts_.tables.names().DiskPathOf(e.path), e.expected});
  parts_.Run(
      parts_.disk_workers,
      [disk = parts_.disk, items = std::move(items)] { return MoveAsideMany(*disk, items); },
      [this, chunk = std::move(chunk)](const std::vector<AsideResult>& results) {
        asides_.Ended();
        for (std::size_t i = 0; i < chunk.size(); ++i) {
          MovedAside moved{chunk[i].id, results[i].outcome, {}, results[i].reason};
          if (moved.outcome == Outcome::kDone) {
            NameTable& names = parts_.tables.names();
            const ChildResult to = names.Child(names.Parent(chunk[i].path), results[i].to.back());
            moved.to = MakeObservation(parts_.tables, to.id, results[i].look);
          }
          parts_.feed(std::move(moved));
        }
        Pump();
      });
}

void DiskPort::RunDrops() {
  std::vector<std::uint64_t> numbers;
  for (const DropStaged& e : drops_.Start())
    // Only what was staged under the token's own name: a removal's holds a user's file.
    if ((e.token & HostParts::kStagedBit) != 0) numbers.push_back(e.token);
  parts_.Run(
      parts_.disk_workers,
      [disk = parts_.disk, numbers = std::move(numbers)] {
        DropStagedMany(*disk, numbers);
        return true;
      },
      [this](bool) {
        drops_.Ended();
        Pump();
      });
}

}  // namespace kinfolder

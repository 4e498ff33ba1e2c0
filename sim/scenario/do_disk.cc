// Disks and watchers, and conflict copies as a user sees them with file tools.
#include "sim/scenario/do.h"

namespace kinfolder::sim {

namespace {

Disk& DiskOf(Run& run, const Step& step) { return At(run.world(), step.machine).disk; }

void DoDiskFull(Run& run, const Step& step) { DiskOf(run, step).full = step.verb == "disk-full"; }

void DoIoError(Run& run, const Step& step) { DiskOf(run, step).io_errors.insert(step.words[0]); }

void DoIoOk(Run& run, const Step& step) { DiskOf(run, step).io_errors.erase(step.words[0]); }

void DoRoot(Run& run, const Step& step) {
  DiskOf(run, step).root = step.verb == "root-vanish"  ? RootState::kMissing
                           : step.verb == "root-empty" ? RootState::kEmptied
                                                       : RootState::kOurs;
}

void DoIgnore(Run& run, const Step& step) {
  std::vector<std::string> patterns = At(run.world(), step.machine).ignored;
  patterns.push_back(step.words[0]);
  SetIgnored(run.world(), run.play.oracles, step.machine, std::move(patterns));
}

void DoUnignore(Run& run, const Step& step) {
  std::vector<std::string> patterns = At(run.world(), step.machine).ignored;
  if (std::erase(patterns, step.words[0]) == 0)
    return run.Refuse(step, "no such pattern; expected one that `ignore` named");
  SetIgnored(run.world(), run.play.oracles, step.machine, std::move(patterns));
}

void DoWatchDead(Run& run, const Step& step) {
  if (run.Needs(step, true)) At(run.world(), step.machine).agent->watch_dead = true;
}

void DoWatchOverflow(Run& run, const Step& step) {
  if (!run.Needs(step, true)) return;
  At(run.world(), step.machine).agent->noticed.clear();
  Feed(run.world(), run.play.oracles, step.machine, WatchLost{});
}

void DoMktree(Run& run, const Step& step) {
  const std::int64_t seed = step.numbers.size() > 2 ? step.numbers[2] : 0;
  for (std::int64_t i = 0; i < step.numbers[0]; ++i) {
    std::string number = std::to_string(i);
    number.insert(0, number.size() < 5 ? 5 - number.size() : 0, '0');
    UserOp op;
    op.path = step.words[0] + "/f" + number;
    op.content = RandomBytes(static_cast<std::uint64_t>(seed + i),
                             static_cast<std::size_t>(step.numbers[1]));
    run.DoUser(step, op);
  }
}

// The only copy of a path, or that of one participant. Empty: refused.
std::string CopyOf(Run& run, const Step& step) {
  const std::string name = step.words.size() > 1 ? step.words[1] : "";
  const Disk& disk = DiskOf(run, step);
  std::vector<std::string> found;
  const std::string mark = step.words[0] + ".conflict-" + name;
  for (auto it = disk.names.lower_bound(mark);
       it != disk.names.end() && it->first.compare(0, mark.size(), mark) == 0; ++it)
    if (name.empty() || it->first == mark) found.push_back(it->first);
  if (found.size() == 1) return found[0];
  run.Refuse(step,
             std::to_string(found.size()) + " copies of " + step.words[0] + " fit; expected one");
  return {};
}

void OnCopy(Run& run, const Step& step, UserOp op) {
  op.path = CopyOf(run, step);
  if (!op.path.empty()) run.DoUser(step, op);
}

void DoDeleteCopy(Run& run, const Step& step) {
  UserOp op;
  op.act = UserAct::kDelete;
  OnCopy(run, step, op);
}

void DoEditCopy(Run& run, const Step& step) {
  UserOp op;
  op.content = step.words[2];
  OnCopy(run, step, op);
}

void DoMoveCopy(Run& run, const Step& step) {
  UserOp op;
  op.act = UserAct::kRename;
  op.other = step.words[2];
  OnCopy(run, step, op);
}

}  // namespace

std::span<const Doer> DiskSteps() {
  static constexpr Doer kSteps[] = {
      {"disk-full", DoDiskFull},
      {"disk-ok", DoDiskFull},
      {"io-error", DoIoError},
      {"io-ok", DoIoOk},
      {"root-vanish", DoRoot},
      {"root-empty", DoRoot},
      {"root-back", DoRoot},
      {"ignore", DoIgnore},
      {"unignore", DoUnignore},
      {"watch-dead", DoWatchDead},
      {"watch-overflow", DoWatchOverflow},
      {"mktree", DoMktree},
      {"delete-copy", DoDeleteCopy},
      {"edit-copy", DoEditCopy},
      {"move-copy", DoMoveCopy},
  };
  return kSteps;
}

}  // namespace kinfolder::sim

// The store's faults and losses, and hostile heads in it.
#include "sim/scenario/do.h"
#include "sim/world/store_damage.h"

namespace kinfolder::sim {

namespace {

StoreFaults& FaultsOf(Run& run) { return run.world().store.faults; }

void DoFail(Run& run, const Step& step) {
  FaultsOf(run).fail[step.machine] = static_cast<int>(step.numbers[0]);
}

void DoLoseAnswer(Run& run, const Step& step) {
  FaultsOf(run).lose_answer[step.machine] = static_cast<int>(step.numbers[0]);
}

void DoStall(Run& run, const Step& step) {
  FaultsOf(run).stall_until_ms[step.machine] = run.world().now_ms + step.numbers[0];
}

void DoLatency(Run& run, const Step& step) {
  FaultsOf(run).latency_ms[step.machine] = step.numbers[0];
}

void DoBandwidth(Run& run, const Step& step) {
  FaultsOf(run).bandwidth[step.machine] = step.numbers[0];
}

void DoDelayWrite(Run& run, const Step& step) {
  FaultsOf(run).delay_write[step.machine] = static_cast<int>(step.numbers[0]);
  FaultsOf(run).delay_ms[step.machine] = step.numbers[1];
}

void DoStale(Run& run, const Step& step) {
  const std::int64_t now_ms = run.world().now_ms;
  FaultsOf(run).stale[step.machine] = {now_ms, now_ms + step.numbers[0], false};
}

void DoFull(Run& run, const Step& step) { FaultsOf(run).full.insert(step.machine); }

void DoOk(Run& run, const Step& step) {
  if (step.machine == kAnyone) FaultsOf(run).full.clear();
  FaultsOf(run).full.erase(step.machine);
}

void DoRollback(Run& run, const Step& step) {
  RollBackStore(run.world(), run.world().now_ms - step.numbers[0]);
}

template <Health kHealth>
void DoHealth(Run& run, const Step& step) {
  const std::string error = SetContentHealth(run.world(), step.other, step.words[0], kHealth);
  if (!error.empty()) run.Refuse(step, error);
}

Forgery ForgeryOf(const std::string& word) {
  if (word == "bad-signature") return Forgery::kBadSignature;
  if (word == "wrong-path") return Forgery::kWrongPath;
  if (word == "escape") return Forgery::kEscape;
  if (word == "cycle") return Forgery::kCycle;
  if (word == "huge" || word == "huge-parents") return Forgery::kHuge;
  if (word == "huge-size") return Forgery::kHugeSize;
  if (word == "unknown-author") return Forgery::kUnknownAuthor;
  return Forgery::kWrongVersion;
}

constexpr std::uint64_t kHugeBytes = std::uint64_t{1} << 62;

void DoForge(Run& run, const Step& step) {
  World& world = run.world();
  const Machine& m = At(world, step.other);
  if (m.state.directory == 0)
    return run.Refuse(step, "it has not joined; expected a machine with a directory");
  const std::string& path = step.words[0];
  const Forgery forgery = ForgeryOf(step.words[1]);
  Directory value = world.store.directories.at(m.state.directory - 1).now;
  StoredSnapshot forged;
  forged.path = forgery == Forgery::kWrongPath ? path + ".other" : path;
  forged.version = {Kind::kFile, world.blobs.Intern("forged " + step.words[1]), false};
  const BlobId bytes =
      forgery == Forgery::kWrongVersion ? world.blobs.Intern("other bytes") : forged.version.blob;
  forged.content =
      AddContent(world.store, {bytes, m.state.directory, world.now_ms, Health::kWhole});
  forged.size =
      forgery == Forgery::kHugeSize ? kHugeBytes : world.blobs.Bytes(forged.version.blob).size();
  forged.generation = 1;
  forged.author = m.state.directory;
  forged.created_ms = kWallStartMs + world.now_ms;
  forged.stored_ms = world.now_ms;
  forged.forgery = forgery;
  TruthNode truth;
  truth.path = path;
  truth.version = forged.version;
  truth.machine = step.other;
  truth.created_ms = forged.created_ms;
  truth.forged = forgery != Forgery::kCycle;  // that one's bytes are what it says
  if (const auto head = value.find(path); head != value.end()) {
    forged.parents.push_back(head->second);
    forged.generation = SnapshotOf(world.store, head->second).generation + 1;
    truth.parents.push_back(SnapshotOf(world.store, head->second).truth);
  }
  if (forgery == Forgery::kCycle) {
    StoredSnapshot parent = forged;  // of the head, and its child too
    parent.generation = forged.generation++;
    parent.parents.push_back(static_cast<Cap>(world.store.snapshots.size() + 2));
    forged.parents = {AddSnapshot(world.store, std::move(parent))};
    truth.parents.clear();  // it is nobody's descendant
  }
  forged.truth = AddTruth(world.truth, std::move(truth));
  value[path] = AddSnapshot(world.store, std::move(forged));
  NoteChange(world, "a forged head");
  PutDirectory(world.store, m.state.directory, std::move(value), step.other, world.now_ms);
}

}  // namespace

std::span<const Doer> StoreSteps() {
  static constexpr Doer kSteps[] = {
      {"store fail", DoFail},
      {"store lose-answer", DoLoseAnswer},
      {"store stall", DoStall},
      {"store latency", DoLatency},
      {"store bandwidth", DoBandwidth},
      {"store delay-write", DoDelayWrite},
      {"store stale", DoStale},
      {"store full", DoFull},
      {"store ok", DoOk},
      {"store rollback", DoRollback},
      {"store corrupt", DoHealth<Health::kDamaged>},
      {"store drop", DoHealth<Health::kDropped>},
      {"store repair", DoHealth<Health::kWhole>},
      {"forge", DoForge},
  };
  return kSteps;
}

}  // namespace kinfolder::sim

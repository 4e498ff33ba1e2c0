// The store's faults, and hostile heads in it.
#include "sim/scenario/do.h"

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

void DoLatency(Run& run, const Step& step) { FaultsOf(run).latency_ms = step.numbers[0]; }

void DoDelayWrite(Run& run, const Step& step) {
  FaultsOf(run).delay_write[step.machine] = static_cast<int>(step.numbers[0]);
  FaultsOf(run).delay_ms[step.machine] = step.numbers[1];
}

void DoStale(Run& run, const Step& step) {
  FaultsOf(run).stale_until_ms = run.world().now_ms + step.numbers[0];
  for (StoredDirectory& directory : run.world().store.directories) directory.stale = directory.now;
}

Forgery ForgeryOf(const std::string& word) {
  if (word == "bad-signature") return Forgery::kBadSignature;
  if (word == "wrong-path") return Forgery::kWrongPath;
  if (word == "escape") return Forgery::kEscape;
  if (word == "unknown-author") return Forgery::kUnknownAuthor;
  return Forgery::kWrongVersion;
}

void DoForge(Run& run, const Step& step) {
  World& world = run.world();
  const Machine& m = At(world, step.other);
  const std::string& path = step.words[0];
  const Forgery forgery = ForgeryOf(step.words[1]);
  Directory value = world.store.directories.at(m.state.directory - 1).now;
  StoredSnapshot forged;
  forged.path = forgery == Forgery::kWrongPath ? path + ".other" : path;
  forged.version = {Kind::kFile, world.blobs.Intern("forged " + step.words[1]), false};
  const std::string bytes = forgery == Forgery::kWrongVersion ? "other bytes" : "";
  forged.content =
      AddContent(world.store, bytes.empty() ? forged.version.blob : world.blobs.Intern(bytes));
  forged.size = world.blobs.Bytes(forged.version.blob).size();
  forged.generation = 1;
  forged.author = m.state.directory;
  forged.created_ms = kWallStartMs + world.now_ms;
  forged.forgery = forgery;
  TruthNode truth{path, forged.version, {}, step.other, 1, forged.created_ms, true};
  if (const auto head = value.find(path); head != value.end()) {
    forged.parents.push_back(head->second);
    forged.generation = SnapshotOf(world.store, head->second).generation + 1;
    truth.parents.push_back(SnapshotOf(world.store, head->second).truth);
  }
  forged.truth = AddTruth(world.truth, std::move(truth));
  value[path] = AddSnapshot(world.store, std::move(forged));
  NoteChange(world, "a forged head");
  PutDirectory(world.store, m.state.directory, std::move(value), step.other, world.now_ms);
}

}  // namespace

std::span<const Doer> StoreSteps() {
  static constexpr Doer kSteps[] = {
      {"store fail", DoFail},       {"store lose-answer", DoLoseAnswer}, {"store stall", DoStall},
      {"store latency", DoLatency}, {"store delay-write", DoDelayWrite}, {"store stale", DoStale},
      {"forge", DoForge},
  };
  return kSteps;
}

}  // namespace kinfolder::sim

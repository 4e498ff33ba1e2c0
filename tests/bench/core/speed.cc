// How many steps a second one path makes among many idle ones, and how much memory those take.
#include <malloc.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "core/agent/testing/bench.h"

namespace kinfolder {
namespace {

// A state in which `paths` files are at rest: on disk, published, and each with one head.
AgentState Resting(std::uint32_t paths) {
  AgentState state = NewAgentState();
  for (std::uint32_t i = 1; i <= paths; ++i) {
    PathRecord record;
    record.disk = {true, {Kind::kFile, 1, i, i, i, false}, Content(1)};
    record.current = record.last_written = record.about_to_write = SnapshotId{i};
    Node node;
    node.path = PathId{i};
    node.version = Content(1);
    node.generation = 1;
    state.dag.Add(SnapshotId{i}, node);
    if (state.paths.size() <= i) state.paths.resize(i + 1);
    state.paths[i].record = record;
    state.paths[i].heads.push_back({kBea, SnapshotId{i}});
  }
  state.folder.joined = true;
  return state;
}

std::size_t BytesInUse() { return mallinfo2().uordblks; }

struct Counted {
  std::uint64_t steps = 0;
  double seconds = 0;
};

// Edits of path 1, from the watch's news to the entry written, until a second has passed.
Counted Edits(AgentState& state, Instant now) {
  using Clock = std::chrono::steady_clock;
  Counted counted;
  const auto start = Clock::now();
  std::deque<Effect> pending;
  const auto step = [&](EventBody body) {
    for (Effect& e : Step(state, Event{now, std::move(body)}).effects)
      pending.push_back(std::move(e));
    ++counted.steps;
  };
  for (std::uint32_t edit = 1; counted.seconds < 1; ++edit) {
    const Stat stat{Kind::kFile, 1, edit, edit, edit, true};
    step(Observed{{{PathId{1}, Presence::kThere, stat, Reason::kNone, {}, {}}}});
    while (!pending.empty()) {
      const Effect effect = pending.front();
      pending.pop_front();
      if (const auto* e = std::get_if<Capture>(&effect))
        step(Captured{e->id, Outcome::kDone, Content(2 + edit), stat, Reason::kNone});
      else if (const auto* e = std::get_if<Look>(&effect))
        step(Looked{e->id, {PathId{1}, Presence::kThere, stat, Reason::kNone, {}, {}}});
      else if (const auto* e = std::get_if<Upload>(&effect))
        step(Uploaded{e->id, Outcome::kDone, edit, Reason::kNone});
      else if (const auto* e = std::get_if<WriteDirectory>(&effect))
        step(DirectoryWritten{e->id, Outcome::kDone, Reason::kNone});
    }
    counted.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  }
  return counted;
}

void Measure(std::uint32_t paths) {
  const std::size_t before = BytesInUse();
  AgentState state = Resting(paths);
  const std::size_t bytes = BytesInUse() - before;
  const Instant now{1'000, 1'700'000'000'000};
  const auto start = std::chrono::steady_clock::now();
  std::vector<Effect> effects = Step(state, Event{now, Started{}}).effects;
  std::vector<DirectoryEntry> own;
  for (std::uint32_t i = 1; i <= paths; ++i) own.push_back({PathId{i}, SnapshotId{i}});
  for (std::size_t i = 0; i < effects.size(); ++i) {
    EventBody answer = Ticked{};
    if (const auto* e = std::get_if<LookAtRoot>(&effects[i])) answer = RootLooked{e->id};
    if (const auto* e = std::get_if<Scan>(&effects[i])) answer = ScanFinished{e->id, true};
    if (const auto* e = std::get_if<ReadOwn>(&effects[i]))
      answer = OwnRead{e->id, Outcome::kDone, own, Reason::kNone};
    if (const auto* e = std::get_if<ReadCollective>(&effects[i]))
      answer = CollectiveRead{e->id, Outcome::kDone, {}, Reason::kNone};
    for (Effect& more : Step(state, Event{now, std::move(answer)}).effects)
      effects.push_back(std::move(more));
  }
  const double started =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const Counted counted = Edits(state, now);
  std::printf("%8u idle paths: %4zu bytes each, started in %7.1f ms, %8.0f steps/s\n", paths,
              bytes / paths, started * 1e3, static_cast<double>(counted.steps) / counted.seconds);
}

}  // namespace
}  // namespace kinfolder

int main() {
  for (std::uint32_t paths = 1'000; paths <= 1'000'000; paths *= 10) kinfolder::Measure(paths);
  return 0;
}

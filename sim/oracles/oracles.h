// The invariants of docs/domain.md, judged by what really happened (sim/world/truth.h).
//
// A copyable value beside a World: copy both to go on from a point. Each invariant has its own .cc
// here. The first violation is written into the world, which then stops. I10 is the shells' duty
// (a lock); what it means for two copies of a state is judged under I2. I12 is checked where steps
// are made (world.cc) and by running everything twice.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "sim/world/world.h"

namespace kinfolder::sim {

// A version of a path that a scan has taken down: it must never be lost.
struct Obligation {
  int machine = 0;
  std::string path;
  SharedVersion version;

  friend auto operator<=>(const Obligation&, const Obligation&) = default;
};

class Oracles : public Judge {
 public:
  void AfterStep(World& world, int machine, const Event& event,
                 const std::vector<RecordKey>& written) override;
  void BeforeEffect(World& world, int machine, const Effect& effect) override;
  void Displacing(World& world, int machine, const std::string& path,
                  const SharedVersion& version) override;
  void Destroying(World& world, int machine, const std::string& path,
                  const SharedVersion& version) override;
  void Linking(World& world, int machine, std::uint32_t directory, const Directory& value) override;
  void Linked(World& world, std::uint32_t directory, const Directory& former) override;

  // To be called when the world has settled: I2, I4, I7 and I8 as a whole.
  void AtRest(World& world);

 private:
  std::map<int, std::map<std::uint32_t, PathRecord>> before_;  // by machine and path
  std::set<Obligation> unpublished_, published_;
};

// What one step did to one path.
struct PathStep {
  int machine = 0;
  const AgentState& state;  // after
  const Tables& tables;
  PathId path;
  const PathRecord* before;  // null: none
  const PathRecord& after;
};

// Each judges and, where it does not hold, calls Violate.
void JudgeI1(World& world, const PathStep& step);
void JudgeI2Write(World& world, int machine, std::uint32_t directory, const Directory& value);
void JudgeI2AtRest(World& world);
void JudgeI3(World& world, int machine, const WriteDirectory& effect);
void JudgeI4(World& world, const Obligation& obligation, bool reachable);
void JudgeI4AtRest(World& world);
void JudgeI4Forget(World& world, int machine, const ForgetContent& effect);
void JudgeI5(World& world, int machine, const std::string& path, const SharedVersion& version);
void JudgeI6(World& world, const PathStep& step);
void JudgeI7(World& world, const PathStep& step);
void JudgeI7AtRest(World& world);
void JudgeI8AtRest(World& world);
void JudgeI9(World& world, const PathStep& step);
void JudgeI11(World& world, const PathStep& step);

// --- where bytes are safe (safe.cc) ---
// Some participant's head of this path reaches a snapshot of this version.
bool IsReachable(const World& world, const std::string& path, const SharedVersion& version);
// The content is in the store, reachable from some head of any path.
bool ContentIsReachable(const World& world, const SharedVersion& version);
// A snapshot of this version (any path) waits here to be published, and its content is at hand.
bool IsStaged(const World& world, int machine, const SharedVersion& version);
// Some file on this machine has these bytes, other than at `except`.
bool IsOnDisk(const World& world, int machine, const SharedVersion& version,
              const std::string& except);

// Machines that show what all others show: joined, running, with a store, folder and agent at work.
// Never a peer: it may be stuck at its first conflict.
std::vector<int> Participating(const World& world);
// What a machine shows of a path: its file, and its conflict copies.
struct Shown {
  SharedVersion file;
  std::set<SharedVersion> copies;
  std::set<SharedVersion> All() const;
};
// The conflict copies on a machine: their names, and what they are copies of.
std::map<std::string, std::string> CopiesOn(const World& world, int machine);
std::map<std::string, Shown> ShownBy(const World& world, int machine);
// Paths that a machine says are blocked.
std::set<std::string> BlockedOn(const World& world, int machine);

}  // namespace kinfolder::sim

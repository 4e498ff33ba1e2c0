// I5: bytes that the agent takes away from a path, or destroys, are durable elsewhere at that
// instant, as far as the store has not lost them by itself.
#include "sim/oracles/oracles.h"

namespace kinfolder::sim {

void JudgeI5(World& world, int machine, const std::string& path, const SharedVersion& version) {
  if (world.violation || version.kind == Kind::kDeleted || version.kind == Kind::kDirectory) return;
  // Not a user's: a power cut left them there, and nothing shows it.
  if (At(world, machine).disk.silent.count(version.blob) != 0) return;
  if (IsReachable(world, path, version) || IsOnDisk(world, machine, version, path) ||
      ContentIsReachable(world, version) || IsStaged(world, machine, version) ||
      IsExcused(world.truth, version, nullptr))
    return;
  Violate(world, "I5",
          At(world, machine).name + " takes away " + path + ", " + Describe(world.blobs, version) +
              ", whose bytes are durable nowhere else",
          version.blob);
}

}  // namespace kinfolder::sim

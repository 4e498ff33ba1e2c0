// I3: a machine writes its own directory only; a read-only participant, or one that has stopped
// writing because somebody else does, writes none.
#include "sim/oracles/oracles.h"

namespace kinfolder::sim {

void JudgeI3(World& world, int machine, const WriteDirectory&) {
  const Machine& m = At(world, machine);
  if (m.read_only) Violate(world, "I3", m.name + " is read-only and writes its directory", 0);
  if (m.agent->driver.state().folder.foreign_write)
    Violate(world, "I2", m.name + " knows of a foreign writer and writes its directory", 0);
}

}  // namespace kinfolder::sim

// Brings a real agent (core/agent on a bench) into a situation, by events alone, and says what it
// did. Fails by an exception with words if the situation does not come about.
#pragma once

#include "tests/decisions/situation.h"

namespace kinfolder::decisions {

Decision Enact(const Situation& situation);

}  // namespace kinfolder::decisions

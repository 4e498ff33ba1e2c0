// What docs/domain.md says about a situation, worked out from its sentences with whole sets of
// ancestors. Knows nothing of the core: it is what the core's decisions are held against.
#pragma once

#include "tests/decisions/situation.h"

namespace kinfolder::decisions {

Decision Expect(const Situation& situation);

}  // namespace kinfolder::decisions

// The table of decisions as a page for people: docs/decision-table.md.
#pragma once

#include <string>

namespace kinfolder::decisions {

// All decisions, as the core makes them. Throws what Enact throws.
std::string DecisionPage();

}  // namespace kinfolder::decisions

// The kinds of events by name, for people.
#pragma once

#include <array>
#include <string_view>
#include <variant>

#include "core/agent/event.h"

namespace kinfolder::sim {

// In the order of the variant EventBody.
inline constexpr std::array<std::string_view, std::variant_size_v<EventBody>> kEventNames = {
    "started",           "ticked",         "root-looked", "config-changed",  "observed",
    "watch-lost",        "scan-finished",  "looked",      "captured",        "staged",
    "replaced",          "settled",        "copy-placed", "copy-removed",    "uploaded",
    "directory-written", "own-read",       "heads-read",  "collective-read", "snapshot-fetched",
    "store-changed",     "link-changed",   "sync-asked",  "version-chosen",  "deletes-decided",
    "pause-asked",       "stored-checked",
};

}  // namespace kinfolder::sim

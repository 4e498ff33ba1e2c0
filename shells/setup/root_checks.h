// Whether a directory may become a folder's root: not one already, and not in or around another
// folder, the state directory or the store.
//
// Looks only; makes nothing. Another folder is known by its record here or by its marker.
#pragma once

#include <string>

#include "core/base/result.h"
#include "shells/setup/state_dir.h"

namespace kinfolder {

// The real path of `path`. kNotFound, kInvalid (no directory, or badly placed), kExists (a root
// already; with `take_over` only if it is one of our own records).
Result<std::string> CheckNewRoot(const StateDir& state, const std::string& path, bool take_over);

}  // namespace kinfolder

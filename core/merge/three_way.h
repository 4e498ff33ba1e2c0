// Three-way merge of versions: what becomes of two concurrent versions of a path given those of the
// nearest common ancestors. Rule 4 of docs/domain.md ("Taking in heads"), with the executable bit
// merged on its own. It never merges the bytes of two files.
#pragma once

#include <optional>
#include <vector>

#include "core/model/version.h"

namespace kinfolder {

// The version that holds both changes: `mine` if only we changed it, `theirs` if only they did, a
// mix if one side changed a file's content and the other its executable bit. nullopt if both
// changed the same, if the bases disagree about it, or if there is none. REQUIRES: mine != theirs.
std::optional<Version> MergeVersions(const std::vector<Version>& bases, const Version& mine,
                                     const Version& theirs);

}  // namespace kinfolder

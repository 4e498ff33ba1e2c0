// The directory `.kinfolder/tmp` of a root. Internal to Applier.
#pragma once

#include "shells/posix/apply.h"
#include "shells/posix/directory.h"
#include "shells/posix/root.h"

namespace kinfolder {

// Opens it; makes it if only it is missing (then nothing was in it).
OpenedDirectory OpenTmp(const Root& root);
// The same, at most once for all that share it.
const OpenedDirectory& OpenTmp(const Root& root, ApplyDirectories& shared);

}  // namespace kinfolder

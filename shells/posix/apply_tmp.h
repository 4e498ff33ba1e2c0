// The directory `.kinfolder/tmp` of a root. Internal to Applier.
#pragma once

#include "shells/posix/directory.h"
#include "shells/posix/root.h"

namespace kinfolder {

// Opens it; makes it if only it is missing (then nothing was in it).
OpenedDirectory OpenTmp(const Root& root);

}  // namespace kinfolder

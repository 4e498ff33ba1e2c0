// A batch of the directory store: one pack file for all that is small, and one for each large
// staged file.
//
// Everything is written below tmp/ and moved into place by Commit, with a number of syncs that does
// not grow with the number of objects.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shells/store/object_store.h"
#include "shells/store/pack.h"
#include "shells/store/store_root.h"

namespace kinfolder {

// Staged files of at least this size become packs of their own, by a hard link where possible.
inline constexpr std::uint64_t kOwnPackBytes = 256 * 1024;

// `root` outlives the batch.
std::unique_ptr<Batch> NewPackBatch(StoreRoot& root);

}  // namespace kinfolder

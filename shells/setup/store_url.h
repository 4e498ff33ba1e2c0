// Stores by the text that names them in a state directory: `dir:/absolute/path`.
#pragma once

#include <memory>
#include <string>

#include "core/base/result.h"
#include "shells/setup/state_dir.h"
#include "shells/store/object_store.h"

namespace kinfolder {

// The text to keep: with an absolute path. kInvalid for a kind of store that is not known.
Result<std::string> NormalStoreUrl(const std::string& store_url);

// The directory of a `dir:` url; "" for another kind.
std::string StoreDirectory(const std::string& store_url);

// Does not create a store. kNotFound or kUnavailable when it is not there now.
Result<std::unique_ptr<ObjectStore>> OpenStore(const std::string& store_url);

// Makes a state directory and, at a new or empty place, the store itself. An existing store is
// used; a directory with other things in it is refused (kInvalid). Nothing is made in the state
// directory when the store can't be used.
Result<StateDir> InitState(const std::string& state_path, const std::string& store_url);

}  // namespace kinfolder

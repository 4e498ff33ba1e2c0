// Paths as people type them, and the folder's path they mean.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "shells/setup/folder_record.h"

namespace kinfolder {

// Absolute and without links in what exists of it but the last component: also for files that are
// gone. kInvalid for an empty path.
Result<std::string> AbsolutePath(const std::string& typed);

struct FolderPath {
  std::string folder;  // its name
  std::string path;    // wire path; empty: the root itself
};

// Which folder `absolute` is in. kNotFound: in none, kInvalid: no path that can be synchronised.
Result<FolderPath> FindFolderPath(const std::vector<FolderSetup>& folders,
                                  const std::string& absolute);

}  // namespace kinfolder

// Small files that are replaced whole and are there after a power cut once they were written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace kinfolder {

// Replaces or makes the file `name` in `directory`, readable by its owner only. Durable on return;
// after an error the old one is still whole. Errors as ErrnoError.
Status ReplaceFile(const std::string& directory, const std::string& name, std::string_view bytes);

// The bytes of a file. kTooLarge above `max_bytes`, else as ErrnoError.
Result<std::string> ReadSmallFile(const std::string& path, std::size_t max_bytes);

// Makes a directory and its parents, private ones (0700), durably. One that is there is ok.
Status MakeDirectories(const std::string& path);

}  // namespace kinfolder

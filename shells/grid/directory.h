// Immutable directories as all stores see them, and their encoding in the embedded store.
//
// A snapshot is such a directory. A child without a capability is a name with metadata only (the
// content of a delete).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace kinfolder {

// Names stored data and is the right to read (or write) it. Never logged.
using Cap = std::string;

struct DirectoryChild {
  std::string name;           // UTF-8, unique in its directory.
  std::optional<Cap> cap;     // Null: the child has metadata only.
  std::string metadata_json;  // A JSON object; empty stands for {}.

  friend bool operator==(const DirectoryChild&, const DirectoryChild&) = default;
};

// kInvalid for names or capabilities that are not UTF-8, for doubled names and for metadata that
// is no JSON object.
Result<std::string> EncodeImmutableDirectory(const std::vector<DirectoryChild>& children);

// In the order written. metadata_json comes back as compact JSON. kInvalid for anything
// EncodeImmutableDirectory could not have written, kTooLarge above 1 MiB.
Result<std::vector<DirectoryChild>> DecodeImmutableDirectory(std::string_view bytes);

}  // namespace kinfolder

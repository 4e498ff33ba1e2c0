// Paths as they travel, and their names in a personal directory.
//
// A wire path is relative, `/`-separated, valid UTF-8 in NFC, with no empty, `.`, `..` or NUL
// parts. In a directory its name has `@` written `@@` and `/` written `@_`, so that no path
// collides with `@metadata`. Whether this machine's file system can hold a path is not decided
// here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace kinfolder {

inline constexpr std::size_t kMaxWirePathBytes = 16 * 1024;

// The child of a directory that is no path.
inline constexpr std::string_view kMetadataName = "@metadata";

bool IsValidUtf8(std::string_view text);

// The NFC form; kInvalid when `text` is not UTF-8.
Result<std::string> ToNfc(std::string_view text);

// ok for a wire path; else kInvalid (kTooLarge above kMaxWirePathBytes), saying what is wrong.
Status CheckWirePath(std::string_view path);

// The NFC form of a path that somebody else wrote, if that is a wire path.
Result<std::string> ToWirePath(std::string_view path);

// A participant's name: one wire path component without control characters, at most 64 bytes, that
// does not start with '@'.
Status CheckParticipantName(std::string_view name);

// The name in a directory. The path is taken as it is: check it first.
std::string MangledName(std::string_view path);

// The wire path of a child's name; kInvalid for a bad escape or for what is no wire path.
Result<std::string> PathFromMangledName(std::string_view name);

}  // namespace kinfolder

// The names of conflict copies: `<file name>.conflict-<participant>`, in the file's directory.
//
// Pure functions over wire names. A further attempt, when a name is taken, adds `-2`, `-3` ...
// A name that merely looks like a copy's is an ordinary file: parsing says what it could be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kinfolder {

inline constexpr std::size_t kMaxDiskComponentBytes = 255;  // of nearly all file systems
inline constexpr std::size_t kMaxParticipantBytes = 64;     // of a participant's part, as written

// The participant's part of a copy's name: the name itself if it is one legal NFC component of at
// most kMaxParticipantBytes, else with every byte but [A-Za-z0-9._-] as %XX; what is still too long
// is cut and ends in '%' and eight hex digits of a hash of the whole, so that two do not meet.
std::string ParticipantForFileName(std::string_view participant);

// The wire path of the copy beside `wire_path`. REQUIRES: attempt >= 1, wire_path not empty.
// If the component would exceed kMaxDiskComponentBytes, the file's part is cut between characters.
std::string ConflictCopyName(std::string_view wire_path, std::string_view participant,
                             std::uint32_t attempt);

struct ConflictCopyParts {
  std::string base;         // the file's part, possibly shortened
  std::string participant;  // as written, see ParticipantForFileName
  std::uint32_t attempt = 1;

  friend bool operator==(const ConflictCopyParts&, const ConflictCopyParts&) = default;
};

// What the component is the copy of. Split at the last ".conflict-"; a tail "-<n>", n >= 2, counts
// as the attempt although a participant may be called so: the caller compares with the names it
// knows, also with participant + "-<n>". nullopt: no copy's name.
std::optional<ConflictCopyParts> ParseConflictCopyName(std::string_view component);

}  // namespace kinfolder

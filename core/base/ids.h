// Dense ids: all the core knows of names, contents, capabilities and people.
//
// A machine's own, handed out by its shell in first-seen order, never reused. 0 is "none".
// The shell owns the tables id <-> name, hash, capability; so a trace holds nothing private.
#pragma once

#include <compare>
#include <cstdint>

namespace kinfolder {

template <class Tag>
struct Id {
  std::uint32_t value = 0;

  constexpr explicit operator bool() const { return value != 0; }
  friend constexpr auto operator<=>(const Id&, const Id&) = default;
};

using PathId = Id<struct PathTag>;                // a path of one folder
using ContentId = Id<struct ContentTag>;          // SHA-256 of bytes or of a link's target
using SnapshotId = Id<struct SnapshotTag>;        // a snapshot, local or remote
using ParticipantId = Id<struct ParticipantTag>;  // of the folder; kSelf is this machine

inline constexpr ParticipantId kSelf{1};

// Names one effect and the one answer to it. Never reused within a run of the agent.
using EffectId = std::uint64_t;

}  // namespace kinfolder

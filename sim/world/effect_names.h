// The kinds of effects by the names that scenario files use: `write-directory`, `replace` ...
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <variant>

#include "core/agent/effect.h"

namespace kinfolder::sim {

struct EffectName {
  std::string_view name;
  std::string_view what;
};

// In the order of the variant Effect.
inline constexpr std::array<EffectName, std::variant_size_v<Effect>> kEffectNames = {{
    {"look-at-root", "find out whether the folder is there and ours"},
    {"scan", "look at every file of the folder"},
    {"look", "look at one file"},
    {"capture", "read a file and stage its content"},
    {"stage-target", "bring a version beside the folder"},
    {"drop-staged", "drop a staged file"},
    {"replace", "put the staged file in place, or take a file away"},
    {"recover-replace", "after a crash, find out whether a replacement took place"},
    {"settle", "look at the displaced file once more, and drop it"},
    {"place-copy", "give a staged file the name of a conflict copy"},
    {"remove-copy", "remove a conflict copy, or release an edited one"},
    {"upload", "put a snapshot and its content into the store"},
    {"write-directory", "write the personal directory"},
    {"read-own", "read the personal directory back"},
    {"read-heads", "read another participant's directory"},
    {"read-collective", "read the list of participants"},
    {"fetch-snapshot", "read a snapshot's metadata"},
    {"forget-content", "drop a staged content that is in the store"},
    {"answer-command", "answer a person's command"},
    {"check-stored", "is a snapshot still in the store"},
    {"move-aside", "give a file another name, where a directory is to stand"},
}};

// The place of a name in the list.
constexpr std::optional<std::size_t> FindEffect(std::string_view name) {
  for (std::size_t i = 0; i < kEffectNames.size(); ++i)
    if (kEffectNames[i].name == name) return i;
  return std::nullopt;
}

}  // namespace kinfolder::sim

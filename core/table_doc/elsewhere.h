// A compact way to write a table's ignored pairs: by event, with the phases that do have a row.
//
//   constexpr auto FileElsewhere() {
//     return std::to_array<Elsewhere<FilePhase, FileEvent>>({
//         {FileEvent::kStaged, "only Staging awaits it", {FilePhase::kStaging}}});
//   }
//   ... static constexpr auto kIgnored = ExpandElsewhere<FileElsewhere>();
//
// Every event of the enum must be listed (once); an event with rows for all phases too. The lint of
// machine.h still checks each pair.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "core/table_doc/enum_names.h"
#include "core/table_doc/machine.h"

namespace kinfolder {

inline constexpr std::size_t kMostPhases = 12;

template <class Phase, class Event>
struct Elsewhere {
  Event event;
  std::string_view reason;
  std::array<Phase, kMostPhases>
      rows{};  // phases with a row; unused places are Phase{} (0: no phase)

  constexpr bool HasRow(Phase phase) const {
    for (const Phase p : rows)
      if (p == phase) return true;
    return false;
  }
};

template <auto List>
constexpr auto ExpandElsewhere() {
  constexpr auto list = List();
  using Item = typename decltype(list)::value_type;
  using Phase = typename decltype(Item::rows)::value_type;
  using Event = decltype(Item::event);
  constexpr std::size_t count = [&] {
    std::size_t n = 0;
    for (const auto& item : list)
      for (const Phase phase : kAllOf<Phase>) n += item.HasRow(phase) ? 0 : 1;
    return n;
  }();
  std::array<machine::Ignored<Phase, Event>, count> out{};
  std::size_t at = 0;
  for (const auto& item : list)
    for (const Phase phase : kAllOf<Phase>)
      if (!item.HasRow(phase)) out[at++] = {phase, item.event, item.reason};
  return out;
}

}  // namespace kinfolder

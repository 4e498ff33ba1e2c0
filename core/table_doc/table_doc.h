// From a machine's transition table to its names: DocOf<PollTable>() is the MachineDoc that
// PollMachineDoc() returns.
//
// Included by the .cc files of machines only, beside machine.h; rendering is in machine_doc.h.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/table_doc/enum_names.h"
#include "core/table_doc/machine.h"
#include "core/table_doc/machine_doc.h"

namespace kinfolder {

namespace machine {

// A guard as its conjuncts: "a and not b" is {a}, {b, negated}.
struct GuardTerm {
  std::string_view flag;
  bool negated = false;

  friend constexpr bool operator==(const GuardTerm&, const GuardTerm&) = default;
};

inline constexpr std::size_t kMaxGuardTerms = 6;

struct GuardInfo {
  std::array<GuardTerm, kMaxGuardTerms> terms{};
  std::size_t size = 0;

  friend constexpr bool operator==(const GuardInfo&, const GuardInfo&) = default;
};

// One row as names, at compile time.
struct RowInfo {
  std::string_view source;
  std::string_view event;
  std::string_view target;
  std::string_view action;  // "" for none
  GuardInfo guard;
  bool stays;
};

template <class Guard>
struct GuardNames;

template <>
struct GuardNames<msm::front::none> {
  static constexpr void AddTo(GuardInfo&) {}
};
template <auto Flag>
struct GuardNames<If<Flag>> {
  static constexpr void AddTo(GuardInfo& info) {
    info.terms[info.size++] = {ShortName<Flag>(), false};
  }
};
template <auto Flag>
struct GuardNames<Not<Flag>> {
  static constexpr void AddTo(GuardInfo& info) {
    info.terms[info.size++] = {ShortName<Flag>(), true};
  }
};
template <class... Guards>
struct GuardNames<All<Guards...>> {
  static constexpr void AddTo(GuardInfo& info) { (GuardNames<Guards>::AddTo(info), ...); }
};

template <class Guard>
constexpr GuardInfo GuardInfoOf() {
  GuardInfo info;
  GuardNames<Guard>::AddTo(info);
  return info;
}

template <class Action>
constexpr std::string_view ActionName() {
  if constexpr (std::is_same_v<Action, msm::front::none>) {
    return "";
  } else {
    return ShortName<Action::kValue>();
  }
}

template <class... R>
constexpr auto RowInfos(mp11::mp_list<R...>*) {
  return std::array<RowInfo, sizeof...(R)>{RowInfo{
      ShortName<R::Source::kValue>(), ShortName<R::Evt::kValue>(), ShortName<R::Target::kValue>(),
      ActionName<typename R::Action>(), GuardInfoOf<typename R::Guard>(), kStays<R>}...};
}

// The rows of a table as names.
template <class Table>
inline constexpr auto kRowInfos = RowInfos(static_cast<typename Table::transition_table*>(nullptr));

inline std::string GuardText(const GuardInfo& info) {
  std::string text;
  for (std::size_t i = 0; i < info.size; ++i) {
    if (i > 0) text += " and ";
    if (info.terms[i].negated) text += "not ";
    text += info.terms[i].flag;
  }
  return text;
}

}  // namespace machine

template <class Table>
MachineDoc DocOf() {
  using Phase = machine::PhaseOf<Table>;
  using Event = machine::EventOf<Table>;
  MachineDoc doc{.name = Table::kName,
                 .title = Table::kTitle,
                 .purpose = Table::kPurpose,
                 .initial = ShortName<Table::initial_state::kValue>(),
                 .phases = {},
                 .events = {},
                 .finals = {},
                 .rows = {},
                 .ignored = {}};
  for (const Phase phase : kAllOf<Phase>) {
    doc.phases.push_back(EnumName(phase));
    if (machine::IsFinal<Table>(phase)) doc.finals.push_back(EnumName(phase));
  }
  for (const Event event : kAllOf<Event>) doc.events.push_back(EnumName(event));
  for (const auto& row : machine::kRowInfos<Table>) {
    doc.rows.push_back(
        {row.source, row.event, row.target, row.action, machine::GuardText(row.guard), row.stays});
  }
  for (const auto& i : Table::kIgnored) {
    doc.ignored.push_back({EnumName(i.phase), EnumName(i.event), i.reason});
  }
  return doc;
}

}  // namespace kinfolder

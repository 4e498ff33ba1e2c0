// How every state machine of the core is written: a table over enums, run by Boost.MSM.
//
// Included by .cc files only: a machine's header shows its enums and one function over values.
//
//   struct PollTable : MachineTable<PollTable, PollFacts, PollAction> {
//     using P = PollPhase; using E = PollEvent; using A = PollAction; using F = PollFacts;
//     static constexpr std::string_view kName = "poll";        // docs/machines/poll.md
//     static constexpr std::string_view kTitle = "...";
//     static constexpr std::string_view kPurpose = "...";      // one paragraph
//     using initial_state = In<P::kIdle>;
//     using transition_table = Rows<
//     //   Source            Event           Target           Action       Guard
//     Row< In<P::kIdle>    , On<E::kDue>   , In<P::kPolling>, Do<A::kAsk>                        >,
//     Row< In<P::kPolling> , On<E::kAsked> , none           , none       , Not<&F::asked_again> >>;
//     static constexpr auto kIgnored = std::to_array<Ignored<P, E>>({
//         {P::kIdle, E::kFailed, "why nothing needs to happen"}});
//   };
//   static_assert(TableIsComplete<PollTable>());
//
//   StepResult<PollAction> StepPoll(PollPhase& phase, PollEvent event, const PollFacts& facts) {
//     return StepMachine<PollTable>(phase, event, facts);
//   }
//   MachineDoc PollMachineDoc() { return DocOf<PollTable>(); }   // core/table_doc/table_doc.h
//
// Target none: stays. Guards: If<&F::flag>, Not<&F::flag>, All<guards...>. Of the rows for one
// (phase, event) MSM tries the LAST first, so the one without guard stands first. A machine that
// has phases never left lists them: static constexpr std::array kFinal{P::kDone}. Not in static
// initialisers: MSM's dispatch tables are themselves initialised before main.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include <boost/mp11/algorithm.hpp>
#include <boost/mp11/list.hpp>
#include <boost/mp11/mpl.hpp>
#include <boost/msm/back/state_machine.hpp>
#include <boost/msm/front/functor_row.hpp>
#include <boost/msm/front/state_machine_def.hpp>

#include "core/table_doc/enum_names.h"
#include "core/table_doc/step_result.h"

namespace kinfolder {

namespace machine {

namespace mp11 = boost::mp11;
namespace msm = boost::msm;

template <auto P>
struct In : msm::front::state<> {
  static constexpr auto kValue = P;
};

template <auto E>
struct On final {
  static constexpr auto kValue = E;
};

template <auto A>
struct Do {
  static constexpr auto kValue = A;
  void operator()(const auto&, auto& machine, auto&, auto&) const { machine.action = A; }
};

template <auto Flag>
struct If {
  static constexpr bool Holds(const auto& facts) { return facts.*Flag; }
  bool operator()(const auto&, auto& machine, auto&, auto&) const { return Holds(*machine.facts); }
};

template <auto Flag>
struct Not {
  static constexpr bool Holds(const auto& facts) { return !(facts.*Flag); }
  bool operator()(const auto&, auto& machine, auto&, auto&) const { return Holds(*machine.facts); }
};

template <class... Guards>
struct All {
  static constexpr bool Holds(const auto& facts) { return (Guards::Holds(facts) && ...); }
  bool operator()(const auto&, auto& machine, auto&, auto&) const { return Holds(*machine.facts); }
};

template <class Phase, class Event>
struct Ignored {
  Phase phase;
  Event event;
  std::string_view reason;
};

}  // namespace machine

// The base of every table; Action{} must mean "nothing to do".
template <class Derived, class Facts, class Action>
struct MachineTable : boost::msm::front::state_machine_def<Derived> {
  // Nothing inside may throw or re-enter.
  using no_exception_thrown = int;
  using no_message_queue = int;

  using FactsType = Facts;
  using ActionType = Action;

  using none = boost::msm::front::none;
  template <auto P>
  using In = machine::In<P>;
  template <auto E>
  using On = machine::On<E>;
  template <auto A>
  using Do = machine::Do<A>;
  template <auto Flag>
  using If = machine::If<Flag>;
  template <auto Flag>
  using Not = machine::Not<Flag>;
  template <class... Guards>
  using All = machine::All<Guards...>;
  template <class Phase, class Event>
  using Ignored = machine::Ignored<Phase, Event>;
  template <class S, class E, class T, class A = none, class G = none>
  using Row = boost::msm::front::Row<S, E, T, A, G>;
  template <class... R>
  using Rows = boost::mp11::mp_list<R...>;

  const Facts* facts = nullptr;
  Action action = Action{};

  template <class Fsm, class Event>
  void no_transition(const Event&, Fsm&, int) {}
};

namespace machine {

template <class Table>
using PhaseOf = std::remove_cv_t<decltype(Table::initial_state::kValue)>;
template <class Table>
using EventOf =
    std::remove_cv_t<decltype(mp11::mp_front<typename Table::transition_table>::Evt::kValue)>;

// ---- The table as plain values -------------------------------------------------------------

template <class Phase, class Event>
struct PlainRow {
  Phase source;
  Event event;
  Phase target;
  bool guarded;
  bool stays;  // the target is none
};

template <class R>
inline constexpr bool kStays = mp11::mp_contains<
    mp11::mp_list<msm::irow_tag, msm::a_irow_tag, msm::g_irow_tag, msm::_irow_tag>,
    typename R::row_type_tag>::value;

template <class Table, class... R>
constexpr auto PlainRows(mp11::mp_list<R...>*) {
  using Plain = PlainRow<PhaseOf<Table>, EventOf<Table>>;
  return std::array<Plain, sizeof...(R)>{Plain{R::Source::kValue, R::Evt::kValue, R::Target::kValue,
                                               !std::is_same_v<typename R::Guard, msm::front::none>,
                                               kStays<R>}...};
}

template <class Table>
inline constexpr auto kPlainRows =
    PlainRows<Table>(static_cast<typename Table::transition_table*>(nullptr));

// ---- Lint ----------------------------------------------------------------------------------

enum class FaultKind : std::uint8_t {
  kNone = 0,
  kNeitherRowNorIgnored = 1,
  kBothRowAndIgnored = 2,
  kIgnoredTwice = 3,
  kIgnoredWithoutReason = 4,
  kHidesRowAbove = 5,        // an unguarded row that is not the first of its pair
  kNeverReached = 6,         // event says nothing here
  kNeverLeft = 7,            // event says nothing here
  kFinalButLeft = 8,         // event says nothing here
  kTooManyRows = 9,          // neither phase nor event say anything here
  kUnknownPhaseOrEvent = 10  // not an enumerator, in a row or in kIgnored
};

template <class Phase, class Event>
struct Fault {
  FaultKind kind = FaultKind::kNone;
  Phase phase{};
  Event event{};

  friend constexpr bool operator==(const Fault&, const Fault&) = default;
};

// MSM's compile time and a reader's patience both end about there: split the machine.
inline constexpr std::size_t kMaxRows = 40;

template <class Table>
constexpr bool IsFinal(PhaseOf<Table> phase) {
  if constexpr (requires { Table::kFinal; }) {
    for (const auto final_phase : Table::kFinal) {
      if (final_phase == phase) return true;
    }
  }
  return false;
}

// The first pair that is not exactly one of: a row, ignored.
template <class Table>
constexpr Fault<PhaseOf<Table>, EventOf<Table>> FirstPairFault() {
  for (const auto phase : kAllOf<PhaseOf<Table>>) {
    for (const auto event : kAllOf<EventOf<Table>>) {
      bool row = false;
      for (const auto& r : kPlainRows<Table>) {
        if (r.source != phase || r.event != event) continue;
        if (row && !r.guarded) return {FaultKind::kHidesRowAbove, phase, event};
        row = true;
      }
      int ignored = 0;
      for (const auto& i : Table::kIgnored) {
        if (i.phase != phase || i.event != event) continue;
        ++ignored;
        if (i.reason.empty()) return {FaultKind::kIgnoredWithoutReason, phase, event};
      }
      if (ignored > 1) return {FaultKind::kIgnoredTwice, phase, event};
      if (row && ignored > 0) return {FaultKind::kBothRowAndIgnored, phase, event};
      if (!row && ignored == 0) return {FaultKind::kNeitherRowNorIgnored, phase, event};
    }
  }
  return {};
}

template <class Table>
constexpr Fault<PhaseOf<Table>, EventOf<Table>> FirstPhaseFault() {
  std::array<bool, enum_names_internal::kLimit> reached{};
  reached[static_cast<std::size_t>(Table::initial_state::kValue)] = true;
  for (std::size_t round = 0; round < kPlainRows<Table>.size(); ++round) {
    for (const auto& r : kPlainRows<Table>) {
      if (reached[static_cast<std::size_t>(r.source)]) {
        reached[static_cast<std::size_t>(r.target)] = true;
      }
    }
  }
  for (const auto phase : kAllOf<PhaseOf<Table>>) {
    if (!reached[static_cast<std::size_t>(phase)]) return {FaultKind::kNeverReached, phase, {}};
    bool left = false;
    for (const auto& r : kPlainRows<Table>) left |= r.source == phase && r.target != phase;
    if (left && IsFinal<Table>(phase)) return {FaultKind::kFinalButLeft, phase, {}};
    if (!left && !IsFinal<Table>(phase)) return {FaultKind::kNeverLeft, phase, {}};
  }
  return {};
}

template <class Table>
constexpr bool KnowsAllValues() {
  for (const auto& r : kPlainRows<Table>) {
    if (EnumName(r.source) == "?" || EnumName(r.event) == "?" || EnumName(r.target) == "?") {
      return false;
    }
  }
  for (const auto& i : Table::kIgnored) {
    if (EnumName(i.phase) == "?" || EnumName(i.event) == "?") return false;
  }
  return true;
}

template <class Table>
constexpr Fault<PhaseOf<Table>, EventOf<Table>> FirstFault() {
  if (kPlainRows<Table>.size() > kMaxRows) return {FaultKind::kTooManyRows, {}, {}};
  if (!KnowsAllValues<Table>()) return {FaultKind::kUnknownPhaseOrEvent, {}, {}};
  if (const auto fault = FirstPairFault<Table>(); fault.kind != FaultKind::kNone) return fault;
  return FirstPhaseFault<Table>();
}

// Exists so that the compiler's message names the fault, the phase and the event.
template <FaultKind Kind, auto Phase, auto Event>
constexpr bool NoFault() {
  static_assert(Kind == FaultKind::kNone, "the table has this fault at this phase and event");
  return Kind == FaultKind::kNone;
}

// ---- Stepping ------------------------------------------------------------------------------

template <class Table>
using Engine = msm::back::state_machine<Table>;

template <class R>
using SourceOf = typename R::Source;
template <class R>
using TargetOf = typename R::Target;
template <class R>
using EvtOf = typename R::Evt;

template <class Table>
using PhaseTypes = mp11::mp_unique<
    mp11::mp_append<mp11::mp_transform<SourceOf, typename Table::transition_table>,
                    mp11::mp_transform<TargetOf, typename Table::transition_table>>>;
template <class Table>
using EvtTypes = mp11::mp_unique<mp11::mp_transform<EvtOf, typename Table::transition_table>>;

// Writes the engine's active state through MSM's one public door to it. The array has one element:
// one region; anything else that MSM offers to the archive is left as it is.
struct PutState {
  int id;
  template <class T>
  PutState& operator&(T&) {
    return *this;
  }
  PutState& operator&(int (&active)[1]) {
    active[0] = id;
    return *this;
  }
};

template <class Table, class PhaseType>
inline constexpr int kStateId =
    msm::back::get_state_id<typename Engine<Table>::stt, PhaseType>::value;

// The engine's number of a phase; -1 when the table has no such phase.
template <class Table>
int ToStateId(PhaseOf<Table> phase) {
  int id = -1;
  mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, PhaseTypes<Table>>>([&](auto t) {
    using PhaseType = typename decltype(t)::type;
    if (PhaseType::kValue == phase) id = kStateId<Table, PhaseType>;
  });
  return id;
}

template <class Table>
PhaseOf<Table> ToPhase(int id) {
  PhaseOf<Table> phase{};
  mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, PhaseTypes<Table>>>([&](auto t) {
    using PhaseType = typename decltype(t)::type;
    if (kStateId<Table, PhaseType> == id) phase = PhaseType::kValue;
  });
  return phase;
}

template <class Table>
bool ListedAsIgnored(PhaseOf<Table> phase, EventOf<Table> event) {
  for (const auto& i : Table::kIgnored) {
    if (i.phase == phase && i.event == event) return true;
  }
  return false;
}

template <class Table>
msm::back::HandledEnum Process(Engine<Table>& engine, EventOf<Table> event) {
  auto handled = msm::back::HANDLED_FALSE;
  mp11::mp_for_each<EvtTypes<Table>>([&](auto typed) {
    if (decltype(typed)::kValue == event) handled = engine.process_event(typed);
  });
  return handled;
}

}  // namespace machine

// True, or a compile error that names the fault: every (phase, event) of the enums is either a row
// or ignored with a reason; no row hides another; every phase is reached and (unless final) left.
template <class Table>
constexpr bool TableIsComplete() {
  constexpr auto fault = machine::FirstFault<Table>();
  return machine::NoFault<fault.kind, fault.phase, fault.event>();
}

// Advances `phase` by one event. Unless the verdict is kTaken nothing changes. Pure; never throws.
template <class Table>
StepResult<typename Table::ActionType> StepMachine(machine::PhaseOf<Table>& phase,
                                                   machine::EventOf<Table> event,
                                                   const typename Table::FactsType& facts) {
  const int id = machine::ToStateId<Table>(phase);
  if (id < 0) return {};
  machine::Engine<Table> engine;
  machine::PutState put{id};
  engine.serialize(put, 0U);
  engine.facts = &facts;
  const auto handled = machine::Process<Table>(engine, event);
  if (handled & boost::msm::back::HANDLED_TRUE) {
    phase = machine::ToPhase<Table>(engine.current_state()[0]);
    return {Verdict::kTaken, engine.action};
  }
  if (handled & boost::msm::back::HANDLED_GUARD_REJECT) return {Verdict::kRefused, {}};
  if (machine::ListedAsIgnored<Table>(phase, event)) return {Verdict::kIgnored, {}};
  return {};
}

}  // namespace kinfolder

// The table machinery on tables of its own: stepping, names, pages, and every fault the lint knows.
#include "core/table_doc/machine.h"

#include <array>
#include <string>
#include <string_view>

#include "core/table_doc/enum_names.h"
#include "core/table_doc/machine_doc.h"
#include "core/table_doc/step_result.h"
#include "core/table_doc/table_doc.h"
#include "gtest/gtest.h"

namespace kinfolder {
namespace {

using machine::FaultKind;

enum class P : std::uint8_t { kClosed = 1, kOpen = 2, kBroken = 7 };
enum class E : std::uint8_t { kPush = 1, kPull = 2 };
enum class A : std::uint8_t { kNone = 0, kRing = 1, kCreak = 2, kSlam = 3 };
struct F {
  bool locked = false;
  bool rusty = false;
};

struct DoorTable : MachineTable<DoorTable, F, A> {
  static constexpr std::string_view kName = "door";
  static constexpr std::string_view kTitle = "A door";
  static constexpr std::string_view kPurpose = "Lets people through.";
  static constexpr std::array kFinal{P::kBroken};
  using initial_state = In<P::kClosed>;
  // clang-format off
  using transition_table = Rows<
  Row< In<P::kClosed> , On<E::kPush> , In<P::kOpen>   , Do<A::kRing>                          >,
  Row< In<P::kClosed> , On<E::kPush> , In<P::kOpen>   , Do<A::kCreak> , If<&F::rusty>          >,
  Row< In<P::kClosed> , On<E::kPush> , none           , none
                                     , All<If<&F::locked>, Not<&F::rusty>>                    >,
  Row< In<P::kClosed> , On<E::kPush> , In<P::kBroken> , Do<A::kSlam>
                                     , All<If<&F::locked>, If<&F::rusty>>                     >,
  Row< In<P::kOpen>   , On<E::kPull> , In<P::kClosed> , Do<A::kSlam>  , Not<&F::rusty>         >
  >;
  // clang-format on
  static constexpr auto kIgnored = std::to_array<Ignored<P, E>>({
      {P::kClosed, E::kPull, "It opens the other way."},
      {P::kOpen, E::kPush, "It is as open as it gets."},
      {P::kBroken, E::kPush, "It is broken."},
      {P::kBroken, E::kPull, "It is broken."},
  });
};
static_assert(TableIsComplete<DoorTable>());

struct Answer {
  P phase;
  Verdict verdict;
  A action;
  friend bool operator==(const Answer&, const Answer&) = default;
};

template <class Table>
Answer Step(P phase, E event, F facts) {
  const auto result = StepMachine<Table>(phase, event, facts);
  return {phase, result.verdict, result.action};
}

TEST(StepMachine, TakesTheRowWhoseGuardHolds) {
  const auto push = [](bool locked, bool rusty) {
    return Step<DoorTable>(P::kClosed, E::kPush, {locked, rusty});
  };
  EXPECT_EQ(push(false, false), (Answer{P::kOpen, Verdict::kTaken, A::kRing}));
  EXPECT_EQ(push(false, true), (Answer{P::kOpen, Verdict::kTaken, A::kCreak}));
  EXPECT_EQ(push(true, false), (Answer{P::kClosed, Verdict::kTaken, A::kNone}));
  EXPECT_EQ(push(true, true), (Answer{P::kBroken, Verdict::kTaken, A::kSlam}));
}

TEST(StepMachine, TellsRefusedFromIgnored) {
  EXPECT_EQ(Step<DoorTable>(P::kOpen, E::kPull, {.locked = false, .rusty = true}),
            (Answer{P::kOpen, Verdict::kRefused, A::kNone}));
  EXPECT_EQ(Step<DoorTable>(P::kOpen, E::kPull, {}),
            (Answer{P::kClosed, Verdict::kTaken, A::kSlam}));
  EXPECT_EQ(Step<DoorTable>(P::kBroken, E::kPull, {}),
            (Answer{P::kBroken, Verdict::kIgnored, A::kNone}));
}

TEST(StepMachine, DoesNotKnowValuesWithoutAName) {
  const auto no_phase = static_cast<P>(5);
  EXPECT_EQ(Step<DoorTable>(no_phase, E::kPush, {}),
            (Answer{no_phase, Verdict::kUnexpected, A::kNone}));
  EXPECT_EQ(Step<DoorTable>(P::kOpen, static_cast<E>(0), {}),
            (Answer{P::kOpen, Verdict::kUnexpected, A::kNone}));
}

// ---- Names ---------------------------------------------------------------------------------

static_assert(kAllOf<P> == std::array{P::kClosed, P::kOpen, P::kBroken});
static_assert(EnumName(P::kBroken) == "Broken");
static_assert(EnumName(static_cast<P>(3)) == "?");
static_assert(ShortName<&F::locked>() == "locked");

constexpr auto kPushFacts = machine::kRowInfos<DoorTable>[2];
static_assert(kPushFacts.source == "Closed" && kPushFacts.event == "Push");
static_assert(kPushFacts.action.empty() && kPushFacts.stays && kPushFacts.guard.size == 2);
static_assert(!machine::kRowInfos<DoorTable>[0].stays);

TEST(MachineDoc, RendersItsPage) {
  const std::string expected =
      R"(<!-- Generated from the machine's table by tests/docs. -->
# A door

Lets people through.

## Diagram

```mermaid
stateDiagram-v2
  [*] --> Closed
  Closed --> Open : Push / Ring
  Closed --> Open : Push [rusty] / Creak
  Closed --> Closed : Push [locked and not rusty]
  Closed --> Broken : Push [locked and rusty] / Slam
  Open --> Closed : Pull [not rusty] / Slam
  Broken --> [*]
```

## Every phase and event

A cell names the next phase, then the action.

| | Push | Pull |
|---|---|---|
)"
      "| **Closed** | if locked and rusty: Broken, Slam<br>"
      "if locked and not rusty: stays<br>if rusty: Open, Creak<br>"
      "else Open, Ring | ignored (1) |\n"
      R"(| **Open** | ignored (2) | if not rusty: Closed, Slam<br>else refused |
| **Broken** | ignored (3) | ignored (3) |

## Why these are ignored

1. It opens the other way.
2. It is as open as it gets.
3. It is broken.
)";
  EXPECT_EQ(MachinePage(DocOf<DoorTable>()), expected);
}

// ---- Lint ----------------------------------------------------------------------------------

// A table with the given rows, ignored pairs and final phases.
template <class RowList, class Lists>
struct LintTable : MachineTable<LintTable<RowList, Lists>, F, A> {
  using initial_state = machine::In<P::kClosed>;
  using transition_table = RowList;
  static constexpr auto kIgnored = Lists::kIgnored;
  static constexpr auto kFinal = Lists::kFinal;
};

using Door = MachineTable<DoorTable, F, A>;
template <auto Phase>
using In = machine::In<Phase>;
template <auto Event>
using On = machine::On<Event>;
using none = Door::none;
using IfRusty = machine::If<&F::rusty>;
template <class S, class Event, class T, class Action = none, class Guard = none>
using Row = Door::Row<S, Event, T, Action, Guard>;
template <class... R>
using Rows = Door::Rows<R...>;
using Pair = machine::Ignored<P, E>;

// What the small door below does not do, and its end.
struct RestIgnored {
  static constexpr auto kIgnored = std::to_array<Pair>({
      {P::kClosed, E::kPull, "x"},
      {P::kBroken, E::kPush, "x"},
      {P::kBroken, E::kPull, "x"},
  });
  static constexpr std::array kFinal{P::kBroken};
};
using Open = Row<In<P::kClosed>, On<E::kPush>, In<P::kOpen>>;
using Close = Row<In<P::kOpen>, On<E::kPull>, In<P::kClosed>>;
using Break = Row<In<P::kOpen>, On<E::kPush>, In<P::kBroken>>;

template <class RowList, class Lists = RestIgnored>
constexpr auto Lint() {
  return machine::FirstFault<LintTable<RowList, Lists>>();
}
using Fault = machine::Fault<P, E>;

static_assert(Lint<Rows<Open, Close, Break>>().kind == FaultKind::kNone);

static_assert(Lint<Rows<Open, Break>>() ==
              Fault{FaultKind::kNeitherRowNorIgnored, P::kOpen, E::kPull});

static_assert(Lint<Rows<Open, Close, Break, Row<In<P::kClosed>, On<E::kPull>, none>>>() ==
              Fault{FaultKind::kBothRowAndIgnored, P::kClosed, E::kPull});

// The same rows in the other order are fine: MSM tries the last one first.
using OpenIfRusty = Row<In<P::kClosed>, On<E::kPush>, In<P::kBroken>, none, IfRusty>;
static_assert(Lint<Rows<OpenIfRusty, Open, Close, Break>>() ==
              Fault{FaultKind::kHidesRowAbove, P::kClosed, E::kPush});
static_assert(Lint<Rows<Open, OpenIfRusty, Close, Break>>().kind == FaultKind::kNone);

struct IgnoredTwice : RestIgnored {
  static constexpr auto kIgnored = std::to_array<Pair>({
      {P::kClosed, E::kPull, "x"},
      {P::kBroken, E::kPush, "x"},
      {P::kBroken, E::kPull, "x"},
      {P::kBroken, E::kPush, "y"},
  });
};
static_assert(Lint<Rows<Open, Close, Break>, IgnoredTwice>() ==
              Fault{FaultKind::kIgnoredTwice, P::kBroken, E::kPush});

struct NoReason : RestIgnored {
  static constexpr auto kIgnored = std::to_array<Pair>({
      {P::kClosed, E::kPull, ""},
      {P::kBroken, E::kPush, "x"},
      {P::kBroken, E::kPull, "x"},
  });
};
static_assert(Lint<Rows<Open, Close, Break>, NoReason>() ==
              Fault{FaultKind::kIgnoredWithoutReason, P::kClosed, E::kPull});

struct UnknownPhase : RestIgnored {
  static constexpr auto kIgnored = std::to_array<Pair>({
      {P::kClosed, E::kPull, "x"},
      {P::kBroken, E::kPush, "x"},
      {P::kBroken, E::kPull, "x"},
      {static_cast<P>(5), E::kPull, "x"},
  });
};
static_assert(Lint<Rows<Open, Close, Break>, UnknownPhase>().kind ==
              FaultKind::kUnknownPhaseOrEvent);

using StayOpen = Row<In<P::kOpen>, On<E::kPush>, none>;
static_assert(Lint<Rows<Open, Close, StayOpen>>() ==
              Fault{FaultKind::kNeverReached, P::kBroken, {}});

struct NoFinal : RestIgnored {
  static constexpr std::array<P, 0> kFinal{};
};
static_assert(Lint<Rows<Open, Close, Break>, NoFinal>() ==
              Fault{FaultKind::kNeverLeft, P::kBroken, {}});

struct OpenFinal : RestIgnored {
  static constexpr std::array kFinal{P::kBroken, P::kOpen};
};
static_assert(Lint<Rows<Open, Close, Break>, OpenFinal>() ==
              Fault{FaultKind::kFinalButLeft, P::kOpen, {}});

using TooMany =
    boost::mp11::mp_append<Rows<Open, Close, Break>,
                           boost::mp11::mp_repeat_c<Rows<OpenIfRusty>, machine::kMaxRows>>;
static_assert(Lint<TooMany>().kind == FaultKind::kTooManyRows);

}  // namespace
}  // namespace kinfolder

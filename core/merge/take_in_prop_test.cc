// Properties of TakeIn over whole random worlds: it comes to rest, all show the same, nothing is
// lost, nothing is swallowed. More or other histories: RC_PARAMS="max_success=50000 seed=7".
#include <cstdlib>
#include <ostream>
#include <string>

#include "core/merge/world.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace kinfolder::testing {

std::ostream& operator<<(std::ostream& out, const Step& step) {
  static constexpr const char* kDeeds[] = {"edit", "mode", "delete", "resolve", "publish", "poll"};
  return out << step.who << ' ' << kDeeds[static_cast<int>(step.deed)] << ' ' << step.seed;
}

std::ostream& operator<<(std::ostream& out, const Setup& setup) {
  static constexpr const char* kRoles[] = {"writer", "reader", "passive"};
  for (Role role : setup.roles) out << kRoles[static_cast<int>(role)] << ' ';
  return out << "generations " << static_cast<int>(setup.generations)
             << (setup.impatient ? " impatient" : "");
}

}  // namespace kinfolder::testing

namespace rc {

using kinfolder::testing::Deed;
using kinfolder::testing::Generations;
using kinfolder::testing::Role;
using kinfolder::testing::Setup;
using kinfolder::testing::Step;

template <>
struct Arbitrary<Step> {
  static Gen<Step> arbitrary() {
    return gen::build<Step>(gen::set(&Step::who, gen::inRange<std::size_t>(0, 5)),
                            gen::set(&Step::deed, gen::weightedElement<Deed>({{25, Deed::kEdit},
                                                                              {5, Deed::kMode},
                                                                              {10, Deed::kDelete},
                                                                              {10, Deed::kResolve},
                                                                              {25, Deed::kPublish},
                                                                              {30, Deed::kPoll}})),
                            gen::set(&Step::seed, gen::inRange<std::uint64_t>(0, 1'000'000)));
  }
};

// The first participant writes; of the others at most one is passive, as in the model of the rule.
template <>
struct Arbitrary<Setup> {
  static Gen<Setup> arbitrary() {
    const auto roles = gen::map(
        gen::pair(gen::inRange(0, 3), gen::container<std::vector<Role>>(gen::weightedElement<Role>(
                                          {{6, Role::kWriter}, {1, Role::kReader}}))),
        [](std::pair<int, std::vector<Role>> drawn) {
          std::vector<Role> all{Role::kWriter, drawn.first == 0 ? Role::kPassive : Role::kWriter};
          drawn.second.resize(std::min<std::size_t>(drawn.second.size(), 3), Role::kWriter);
          all.insert(all.end(), drawn.second.begin(), drawn.second.end());
          return all;
        });
    return gen::build<Setup>(
        gen::set(&Setup::roles, roles),
        gen::set(&Setup::generations, gen::weightedElement<Generations>({{6, Generations::kRight},
                                                                         {2, Generations::kUnknown},
                                                                         {1, Generations::kLies}})),
        gen::set(&Setup::impatient, gen::weightedElement<bool>({{9, false}, {1, true}})));
  }
};

}  // namespace rc

namespace kinfolder::testing {
namespace {

RC_GTEST_PROP(TakeInWorld, SettlesAlikeAndKeepsEverything,
              (const Setup& setup, const std::vector<Step>& steps, std::uint64_t seed)) {
  World world(setup);
  for (const Step& step : steps) {
    world.Do(step);
    RC_ASSERT(world.problem() == "");
  }
  const bool settled = world.Settle(seed);
  RC_ASSERT(world.problem() == "");
  RC_ASSERT(settled);
  RC_ASSERT(world.Losses() == "");
  // A lie about generations may make a conflict copy that only some show.
  if (setup.generations != Generations::kLies) RC_ASSERT(world.Differences() == "");
}

}  // namespace
}  // namespace kinfolder::testing

int main(int argc, char** argv) {
  // RapidCheck's default of 100 histories is too few; what the environment asks for comes first.
  const char* given = std::getenv("RC_PARAMS");
  const std::string params = given ? given : "";
  if (params.find("max_success") == std::string::npos)
    setenv("RC_PARAMS", (params + " max_success=2500").c_str(), 1);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

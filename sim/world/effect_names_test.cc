// The names of effects are a contract with scenario files and with readers of `effects --json`.
#include "sim/world/effect_names.h"

#include <gtest/gtest.h>

#include <string_view>

namespace kinfolder::sim {
namespace {

// The name that stands where this kind of effect stands in the variant.
template <class E>
std::string_view NameOf() {
  return kEffectNames.at(Effect(E{}).index()).name;
}

TEST(EffectNames, EachStandsForItsEffect) {
  EXPECT_EQ(NameOf<LookAtRoot>(), "look-at-root");
  EXPECT_EQ(NameOf<Scan>(), "scan");
  EXPECT_EQ(NameOf<Look>(), "look");
  EXPECT_EQ(NameOf<Capture>(), "capture");
  EXPECT_EQ(NameOf<StageTarget>(), "stage-target");
  EXPECT_EQ(NameOf<DropStaged>(), "drop-staged");
  EXPECT_EQ(NameOf<Replace>(), "replace");
  EXPECT_EQ(NameOf<RecoverReplace>(), "recover-replace");
  EXPECT_EQ(NameOf<Settle>(), "settle");
  EXPECT_EQ(NameOf<PlaceCopy>(), "place-copy");
  EXPECT_EQ(NameOf<RemoveCopy>(), "remove-copy");
  EXPECT_EQ(NameOf<Upload>(), "upload");
  EXPECT_EQ(NameOf<WriteDirectory>(), "write-directory");
  EXPECT_EQ(NameOf<ReadOwn>(), "read-own");
  EXPECT_EQ(NameOf<ReadHeads>(), "read-heads");
  EXPECT_EQ(NameOf<ReadCollective>(), "read-collective");
  EXPECT_EQ(NameOf<FetchSnapshot>(), "fetch-snapshot");
  EXPECT_EQ(NameOf<ForgetContent>(), "forget-content");
  EXPECT_EQ(NameOf<AnswerCommand>(), "answer-command");
  EXPECT_EQ(NameOf<CheckStored>(), "check-stored");
  EXPECT_EQ(NameOf<MoveAside>(), "move-aside");
  EXPECT_EQ(kEffectNames.size(), 21u);
}

TEST(EffectNames, AreFoundByName) {
  for (std::size_t i = 0; i < kEffectNames.size(); ++i)
    EXPECT_EQ(FindEffect(kEffectNames[i].name), i) << kEffectNames[i].name;
  EXPECT_FALSE(FindEffect("after-replace"));
}

}  // namespace
}  // namespace kinfolder::sim

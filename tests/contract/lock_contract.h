// What the lock of a state directory promises (I10): one suite, for the real one and for the
// simulated one.
//
//   INSTANTIATE_TEST_SUITE_P(Real, LockContract, testing::Values(&MakeRealLock));
//
// A fixture has two state directories, 0 and 1, and starts agents on them, each as a process.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace kinfolder {

class LockFixture {
 public:
  virtual ~LockFixture() = default;
  // Starts an agent on the directory. Empty: it runs. Otherwise why not, and it is gone.
  virtual std::string Start(int directory) = 0;
  // The process of the agent that was started there last and ran.
  virtual std::string Process(int directory) = 0;
  // The agent that runs there ends, when it was asked to or at any instant.
  virtual void End(int directory) = 0;
  virtual void Kill(int directory) = 0;
};

using LockFixtureFactory = std::unique_ptr<LockFixture> (*)();

class LockContract : public testing::TestWithParam<LockFixtureFactory> {
 protected:
  LockContract() : agents_(GetParam()()) {}

  void ExpectRefusal() {
    const std::string refusal = agents_->Start(0);
    EXPECT_NE(refusal.find("(process " + agents_->Process(0) + ")"), std::string::npos) << refusal;
    EXPECT_NE(refusal.find("another agent"), std::string::npos) << refusal;
  }

  const std::unique_ptr<LockFixture> agents_;
};

TEST_P(LockContract, ASecondAgentIsRefusedAndToldWhoRuns) {
  ASSERT_EQ(agents_->Start(0), "");
  const std::string holder = agents_->Process(0);
  ExpectRefusal();
  ExpectRefusal();
  EXPECT_EQ(agents_->Process(0), holder);
}

TEST_P(LockContract, TheLockIsFreeAfterItsHoldersEnd) {
  ASSERT_EQ(agents_->Start(0), "");
  ExpectRefusal();
  agents_->End(0);
  EXPECT_EQ(agents_->Start(0), "");
  ExpectRefusal();
}

TEST_P(LockContract, ADeadHolderNeverBlocks) {
  std::string former;
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(agents_->Start(0), "");
    EXPECT_NE(agents_->Process(0), former);
    ExpectRefusal();
    former = agents_->Process(0);
    agents_->Kill(0);
  }
}

TEST_P(LockContract, EachDirectoryHasALockOfItsOwn) {
  ASSERT_EQ(agents_->Start(0), "");
  ASSERT_EQ(agents_->Start(1), "");
  agents_->Kill(1);
  ExpectRefusal();
  EXPECT_EQ(agents_->Start(1), "");
}

}  // namespace kinfolder

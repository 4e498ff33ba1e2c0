#include "shells/posix/lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shells/posix/test_tree.h"

namespace kinfolder {
namespace {

TEST(LockTest, TheSecondIsToldWhoHasIt) {
  TestTree tree;
  {
    const Result<StateLock> first = StateLock::Acquire(tree.base());
    ASSERT_TRUE(first.ok());
    const Result<StateLock> second = StateLock::Acquire(tree.base());
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().kind, ErrorKind::kExists);
    EXPECT_NE(second.error().text.find(std::to_string(getpid())), std::string::npos);
  }
  EXPECT_TRUE(StateLock::Acquire(tree.base()).ok());
}

TEST(LockTest, AKilledHolderLetsGo) {
  TestTree tree;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const Result<StateLock> lock = StateLock::Acquire(tree.base());
    const char byte = lock.ok() ? '+' : '-';
    if (write(ready[1], &byte, 1) == 1) pause();
    _exit(1);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_EQ(byte, '+');
  const Result<StateLock> held = StateLock::Acquire(tree.base());
  ASSERT_FALSE(held.ok());
  EXPECT_NE(held.error().text.find(std::to_string(child)), std::string::npos);
  ASSERT_EQ(kill(child, SIGKILL), 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(StateLock::Acquire(tree.base()).ok());
  close(ready[0]);
  close(ready[1]);
}

TEST(LockTest, AMissingDirectoryIsAnError) {
  TestTree tree;
  EXPECT_EQ(StateLock::Acquire(tree.base() + "/none").error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace kinfolder

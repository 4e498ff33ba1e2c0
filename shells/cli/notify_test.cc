#include "shells/cli/notify.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

#include "shells/posix/fd.h"

namespace kinfolder {
namespace {

TEST(NotifyTest, ReachesTheSocketThatWasNamed) {
  // By way of the open directory: its own path may be too long for a socket's address.
  const Fd dir(::open(testing::TempDir().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  ASSERT_TRUE(dir.ok());
  const std::string path = "/proc/self/fd/" + std::to_string(dir.get()) + "/notify.sock";
  ::unlink(path.c_str());
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof address.sun_path);
  ::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  NotifyServiceManager("READY=1");
  char text[64] = {};
  EXPECT_EQ(::recv(fd.get(), text, sizeof text, 0), 7);
  EXPECT_STREQ(text, "READY=1");
  ::unsetenv("NOTIFY_SOCKET");
  NotifyServiceManager("STOPPING=1");
  EXPECT_LT(::recv(fd.get(), text, sizeof text, 0), 0);
}

}  // namespace
}  // namespace kinfolder

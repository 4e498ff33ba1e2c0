#include "shells/cli/notify.h"

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
  const std::string path = testing::TempDir() + "/notify.sock";
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

#include "shells/api/unix_socket.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

namespace kinfolder {
namespace {

constexpr int kBacklog = 64;

// An address by way of its open directory, which is short whatever the path.
struct Address {
  Fd directory;
  std::string name;
  sockaddr_un socket = {};
};

Result<Address> AddressOf(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  Address address;
  address.name = slash == std::string::npos ? path : path.substr(slash + 1);
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  address.directory =
      Fd(RetryEintr([&] { return ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); }));
  if (!address.directory.ok()) return ErrnoError(errno, "can't open " + directory);
  const std::string shortened =
      "/proc/self/fd/" + std::to_string(address.directory.get()) + "/" + address.name;
  address.socket.sun_family = AF_UNIX;
  if (shortened.size() >= sizeof address.socket.sun_path) {
    return MakeError(ErrorKind::kInvalid, "the name " + address.name +
                                              " is too long for a socket; "
                                              "choose a shorter one");
  }
  ::memcpy(address.socket.sun_path, shortened.c_str(), shortened.size() + 1);
  return address;
}

const sockaddr* Generic(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address.socket);
}

}  // namespace

Result<Fd> ListenAt(const std::string& path) {
  const Result<Address> found = AddressOf(path);
  if (!found.ok()) return found.error();
  const Address& address = found.value();
  if (::unlinkat(address.directory.get(), address.name.c_str(), 0) != 0 && errno != ENOENT) {
    return ErrnoError(errno, "can't replace the control socket " + path);
  }
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.ok()) return ErrnoError(errno, "can't make the control socket");
  // The mode must hold before anybody can connect, so it is set on the socket that will be bound.
  if (::fchmod(fd.get(), 0600) != 0 ||
      ::bind(fd.get(), Generic(address), sizeof address.socket) != 0 ||
      ::fchmodat(address.directory.get(), address.name.c_str(), 0600, 0) != 0 ||
      ::listen(fd.get(), kBacklog) != 0) {
    return ErrnoError(errno, "can't make the control socket " + path);
  }
  return fd;
}

Result<Fd> ConnectTo(const std::string& path) {
  const Result<Address> found = AddressOf(path);
  if (!found.ok()) return found.error();
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.ok()) return ErrnoError(errno, "can't make a socket");
  const int connected = RetryEintr(
      [&] { return ::connect(fd.get(), Generic(found.value()), sizeof found.value().socket); });
  if (connected == 0) return fd;
  if (errno == ECONNREFUSED || errno == ENOENT) {
    return MakeError(ErrorKind::kNotFound, "no agent is running; start it with `kinfolder run`");
  }
  return ErrnoError(errno, "can't reach the agent at " + path);
}

}  // namespace kinfolder

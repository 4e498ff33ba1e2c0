#include "shells/posix/fd.h"

#include <string.h>
#include <unistd.h>

#include <utility>

namespace kinfolder {
namespace {

struct Meaning {
  ErrorKind kind;
  std::string_view advice;
};

Meaning MeaningOf(int error) {
  switch (error) {
    case ENOENT:
      return {ErrorKind::kNotFound, "check that it is still there"};
    case EEXIST:
      return {ErrorKind::kExists, "remove or rename what is there"};
    case EACCES:
    case EPERM:
    case EROFS:
      return {ErrorKind::kPermission, "check the permissions"};
    case ENOSPC:
    case EDQUOT:
      return {ErrorKind::kNoSpace, "free some space"};
    case ENOTDIR:
    case ELOOP:
    case EINVAL:
    case ENAMETOOLONG:
    case EISDIR:
    case EXDEV:
      return {ErrorKind::kInvalid, "choose another name or place"};
    case EFBIG:
      return {ErrorKind::kTooLarge, "keep such files elsewhere"};
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
    case EBUSY:
    case ETXTBSY:
      return {ErrorKind::kUnavailable, "it is tried again later"};
    default:
      return {ErrorKind::kIo, "check the disk"};
  }
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    Reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Fd::~Fd() { Reset(); }

int Fd::Release() { return std::exchange(fd_, -1); }

void Fd::Reset() {
  // Not repeated after EINTR: on Linux the descriptor is closed all the same.
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

Error ErrnoError(int error, std::string_view what) {
  const Meaning meaning = MeaningOf(error);
  char buffer[128];
  std::string text(what);
  text.append(": ").append(strerror_r(error, buffer, sizeof buffer));
  text.append("; ").append(meaning.advice);
  return MakeError(meaning.kind, std::move(text));
}

}  // namespace kinfolder

#include "shells/posix/write_behind.h"

#include <fcntl.h>

namespace kinfolder {
namespace {

constexpr std::uint64_t kStepBytes = 8 * 1024 * 1024;

}  // namespace

void WriteBehind::Wrote(int fd, std::uint64_t end) {
  if (end - begun_ < kStepBytes) return;
  // Where it is not to be had, the sync does it all.
  static_cast<void>(sync_file_range(fd, static_cast<off64_t>(begun_),
                                    static_cast<off64_t>(end - begun_), SYNC_FILE_RANGE_WRITE));
  begun_ = end;
}

}  // namespace kinfolder

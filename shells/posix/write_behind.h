// WriteBehind: has the disk begin with a large file while it is still being written.
//
// The kernel would let it lie for seconds, so that the sync at its end would wait for all of it.
// Makes nothing durable, and hides no error from the sync that does: writing back is begun, never
// waited for.
#pragma once

#include <cstdint>

namespace kinfolder {

class WriteBehind {
 public:
  // `end` bytes of the file have been written so far, from its start and without a gap.
  void Wrote(int fd, std::uint64_t end);

 private:
  std::uint64_t begun_ = 0;
};

}  // namespace kinfolder

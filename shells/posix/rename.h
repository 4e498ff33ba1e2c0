// Renames that never overwrite, also on file systems whose renames know no flags.
//
// Internal to Applier. Each name is relative to an open directory; all return 0 or an errno.
#pragma once

namespace kinfolder {

struct NameAt {
  int dir_fd = -1;
  const char* name = nullptr;
};

// Exchanges two names atomically. EINVAL or ENOSYS: not to be had here.
int ExchangeNames(NameAt a, NameAt b);

// Moves `from`, in a directory that only we write to, to `to`. EEXIST: there is something.
// `plain`: as if renames knew no flags; then both names may exist for an instant.
int PlaceNoReplace(NameAt from, NameAt to, bool plain);

// Moves whatever `from` is to `to`, in a directory that only we write to. EEXIST: the same.
int TakeAside(NameAt from, NameAt to, bool plain);

}  // namespace kinfolder

// Unix stream sockets at paths of any length (the kernel's limit of 107 bytes is worked around).
#pragma once

#include <string>

#include "core/base/result.h"
#include "shells/posix/fd.h"

namespace kinfolder {

// A listening, non-blocking socket, for its owner only (0600). What is at `path` is replaced: the
// caller holds the lock of the directory it is in.
Result<Fd> ListenAt(const std::string& path);

// A connected, blocking socket. kNotFound: nobody listens there.
Result<Fd> ConnectTo(const std::string& path);

}  // namespace kinfolder

// Telling systemd how the service is doing, where it asked for that (NOTIFY_SOCKET).
#pragma once

#include <string_view>

namespace kinfolder {

// `state` as in sd_notify(3): "READY=1", "STOPPING=1". Does nothing where nobody asked.
void NotifyServiceManager(std::string_view state);

}  // namespace kinfolder

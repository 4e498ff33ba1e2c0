// A directory of a test's own, gone with all in it at the end.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "core/base/check.h"

namespace kinfolder {

class TemporaryDirectory {
 public:
  TemporaryDirectory() { CHECK(mkdtemp(path_) != nullptr); }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return std::string(path_) + "/" + name; }

 private:
  char path_[32] = "/tmp/kinfolder-store-XXXXXX";
};

}  // namespace kinfolder

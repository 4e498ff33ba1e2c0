// Reads the golden vectors of testdata/ for this folder's tests.
#pragma once

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace kinfolder {

// Throws, and so fails the test, when the file is missing or no JSON. Tests run at the workspace's
// root.
inline nlohmann::json ReadTestdata(const std::string& name) {
  std::ifstream file("shells/grid/testdata/" + name);
  return nlohmann::json::parse(file);
}

}  // namespace kinfolder

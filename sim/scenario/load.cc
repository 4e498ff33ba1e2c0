#include "sim/scenario/load.h"

#include <fstream>
#include <sstream>

namespace kinfolder::sim {

Result<Scenario> LoadScenario(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in)
    return MakeError(ErrorKind::kNotFound,
                     file + " can't be read; give the path of a scenario file");
  return Parse(file, text.str());
}

}  // namespace kinfolder::sim

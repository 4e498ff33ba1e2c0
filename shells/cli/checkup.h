// What doctor looks at: the state directory, the store, the roots, the machine. Changes nothing.
#pragma once

#include <string>
#include <vector>

namespace kinfolder {

enum class FindingLevel : unsigned char { kGood = 1, kNote = 2, kProblem = 3 };

struct Finding {
  FindingLevel level = FindingLevel::kGood;
  std::string what;  // a stable name for programs: "state", "store", "root", ...
  std::string text;  // for people; with what to do, where something is to be done
};

// The first problem that makes others meaningless ends it.
std::vector<Finding> CheckUp(const std::string& state_path);

// Takes note that the state directory was moved here.
std::vector<Finding> AcceptMoved(const std::string& state_path);

}  // namespace kinfolder

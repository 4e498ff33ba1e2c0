// Which paths of a folder are left alone: patterns in the syntax of gitignore(5).
//
// Pure and case-sensitive; paths are wire paths (NFC, `/` between components, none at the ends).
// Later patterns win over earlier ones; below a directory that is ignored, everything is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kinfolder {

class IgnoreRules {
 public:
  // One pattern a line; empty lines and those that begin with # say nothing. Every text is
  // understood: a pattern that can't match anything matches nothing.
  void Add(std::string_view text);

  // `is_directory`: whether the path itself is one; what is above it always is.
  bool Ignores(std::string_view path, bool is_directory) const;
  bool empty() const { return rules_.empty(); }

 private:
  struct Rule {
    std::string pattern;
    bool negated = false;         // `!pattern`: not ignored after all
    bool directory_only = false;  // `pattern/`
    bool anchored = false;        // has a `/` that is not its last character: from the root on
  };
  void AddLine(std::string_view line);
  bool IgnoresJust(std::string_view path, bool is_directory) const;

  std::vector<Rule> rules_;
};

}  // namespace kinfolder

#include "core/ignore/ignore_rules.h"

#include <cstddef>

namespace kinfolder {

namespace {

// The length of the `[...]` that `pattern` starts with; npos if it is not closed. *matches: `c` is
// in it.
std::size_t MatchClass(std::string_view pattern, char c, bool* matches) {
  std::size_t i = 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool in = false;
  for (bool first = true; i < pattern.size(); first = false) {
    if (pattern[i] == ']' && !first) {
      *matches = in != negated && c != '/';
      return i + 1;
    }
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    const char low = pattern[i++];
    char high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      high = pattern[i + 1];
      i += 2;
    }
    in |= low <= c && c <= high;
  }
  return std::string_view::npos;
}

bool Matches(std::string_view pattern, std::string_view path);

// `**/rest`: the rest matches here or behind any of the following slashes.
bool MatchesDeep(std::string_view rest, std::string_view path) {
  while (true) {
    if (Matches(rest, path)) return true;
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos) return false;
    path.remove_prefix(slash + 1);
  }
}

// `*rest`: the rest matches here or behind any character of this component.
bool MatchesStar(std::string_view rest, std::string_view path) {
  for (std::size_t i = 0;; ++i) {
    if (Matches(rest, path.substr(i))) return true;
    if (i == path.size() || path[i] == '/') return false;
  }
}

bool Matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty()) {
    if (pattern == "**") return !path.empty();
    if (pattern.substr(0, 3) == "**/") return MatchesDeep(pattern.substr(3), path);
    if (pattern.substr(0, 4) == "/**/" && !path.empty() && path[0] == '/')
      return MatchesDeep(pattern.substr(4), path.substr(1));
    if (pattern[0] == '*') {
      while (!pattern.empty() && pattern[0] == '*') pattern.remove_prefix(1);
      return MatchesStar(pattern, path);
    }
    if (path.empty()) return false;
    if (pattern[0] == '[') {
      bool in = false;
      const std::size_t behind = MatchClass(pattern, path[0], &in);
      if (behind == std::string_view::npos || !in) return false;
      pattern.remove_prefix(behind);
    } else if (pattern[0] == '?') {
      if (path[0] == '/') return false;
      pattern.remove_prefix(1);
    } else {
      if (pattern[0] == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
      if (pattern[0] != path[0]) return false;
      pattern.remove_prefix(1);
    }
    path.remove_prefix(1);
  }
  return path.empty();
}

// Spaces at the end don't count unless the last one is escaped.
std::string_view WithoutTrailingSpaces(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  while (!line.empty() && line.back() == ' ' && !(line.size() > 1 && line[line.size() - 2] == '\\'))
    line.remove_suffix(1);
  return line;
}

}  // namespace

void IgnoreRules::Add(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    AddLine(WithoutTrailingSpaces(text.substr(0, end)));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

void IgnoreRules::AddLine(std::string_view line) {
  if (line.empty() || line[0] == '#') return;
  Rule rule;
  if (line[0] == '!') {
    rule.negated = true;
    line.remove_prefix(1);
  }
  if (!line.empty() && line.back() == '/') {
    rule.directory_only = true;
    line.remove_suffix(1);
  }
  rule.anchored = line.find('/') != std::string_view::npos;
  if (!line.empty() && line[0] == '/') line.remove_prefix(1);
  if (line.empty()) return;
  rule.pattern = line;
  rules_.push_back(std::move(rule));
}

bool IgnoreRules::IgnoresJust(std::string_view path, bool is_directory) const {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->directory_only && !is_directory) continue;
    if (Matches(rule->pattern, rule->anchored ? path : name)) return !rule->negated;
  }
  return false;
}

bool IgnoreRules::Ignores(std::string_view path, bool is_directory) const {
  if (rules_.empty()) return false;
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1))
    if (IgnoresJust(path.substr(0, slash), true)) return true;
  return IgnoresJust(path, is_directory);
}

}  // namespace kinfolder

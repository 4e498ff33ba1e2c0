#include "core/ignore/ignore_rules.h"

#include "gtest/gtest.h"

namespace kinfolder {
namespace {

IgnoreRules Rules(std::string_view text) {
  IgnoreRules rules;
  rules.Add(text);
  return rules;
}

struct Case {
  const char* rules;
  const char* path;
  bool directory;
  bool ignored;
};

// Each as `git check-ignore` answers.
constexpr Case kCases[] = {
    {"*.o", "a.o", false, true},
    {"*.o", "sub/a.o", false, true},
    {"*.o", "a.oo", false, false},
    {"/*.o", "a.o", false, true},
    {"/*.o", "sub/a.o", false, false},
    {"sub/*.o", "sub/a.o", false, true},
    {"sub/*.o", "other/sub/a.o", false, false},
    {"sub/*.o", "sub/deep/a.o", false, false},
    {"build/", "build", true, true},
    {"build/", "build", false, false},
    {"build/", "build/x/y", false, true},
    {"build/", "sub/build/x", false, true},
    {"*.log\n!keep.log", "keep.log", false, false},
    {"*.log\n!keep.log", "other.log", false, true},
    {"logs\n!logs/keep", "logs/keep", false, true},
    {"logs/*\n!logs/keep", "logs/keep", false, false},
    {"**/tmp", "a/b/tmp", false, true},
    {"**/tmp", "tmp", false, true},
    {"a/**", "a/b/c", false, true},
    {"a/**", "a", true, false},
    {"a/**/z", "a/z", false, true},
    {"a/**/z", "a/b/c/z", false, true},
    {"a/**/z", "b/z", false, false},
    {"?.txt", "a.txt", false, true},
    {"?.txt", "ab.txt", false, false},
    {"[a-c].txt", "b.txt", false, true},
    {"[!a-c].txt", "b.txt", false, false},
    {"[!a-c].txt", "d.txt", false, true},
    {"[]x].txt", "].txt", false, true},
    {"\\#x", "#x", false, true},
    {"#x", "#x", false, false},
    {"\\!x", "!x", false, true},
    {"x   ", "x", false, true},
    {"x\\ ", "x ", false, true},
    {"\\*", "*", false, true},
    {"\\*", "a", false, false},
    {"", "a", false, false},
    {"/", "a", false, false},
    {"x\r\ny", "x", false, true},
    {"[open", "[open", false, false},
};

TEST(IgnoreRules, MatchesAsGitDoes) {
  for (const Case& c : kCases)
    EXPECT_EQ(Rules(c.rules).Ignores(c.path, c.directory), c.ignored)
        << "`" << c.rules << "` on " << c.path;
}

TEST(IgnoreRules, ManyStarsEndSoon) {
  const std::string path(60, 'a');
  EXPECT_FALSE(Rules("*a*a*a*a*b").Ignores(path, false));
}

}  // namespace
}  // namespace kinfolder

#include "core/merge/three_way.h"

#include <algorithm>

namespace kinfolder {
namespace {

// The same for any one part of a version.
template <class Part>
std::optional<Part> MergePart(const std::vector<Version>& bases, const Version& mine,
                              const Version& theirs, Part Version::*part) {
  if (mine.*part == theirs.*part) return mine.*part;
  const auto all_have = [&](const Version& side) {
    return std::all_of(bases.begin(), bases.end(),
                       [&](const Version& base) { return base.*part == side.*part; });
  };
  if (all_have(theirs)) return mine.*part;
  if (all_have(mine)) return theirs.*part;
  return std::nullopt;
}

}  // namespace

std::optional<Version> MergeVersions(const std::vector<Version>& bases, const Version& mine,
                                     const Version& theirs) {
  if (bases.empty()) return std::nullopt;
  const auto all_are = [&](const Version& version) {
    return std::all_of(bases.begin(), bases.end(),
                       [&](const Version& base) { return base == version; });
  };
  if (all_are(theirs)) return mine;
  if (all_are(mine)) return theirs;
  const auto is_file = [](const Version& version) { return version.kind == Kind::kFile; };
  if (!is_file(mine) || !is_file(theirs) || !std::all_of(bases.begin(), bases.end(), is_file))
    return std::nullopt;
  const auto content = MergePart(bases, mine, theirs, &Version::content);
  const auto exec = MergePart(bases, mine, theirs, &Version::exec);
  if (!content || !exec) return std::nullopt;
  return Version{Kind::kFile, *content, *exec};
}

}  // namespace kinfolder

// PathTree: which path lies in which, as far as the shell has named them.
//
// A fact about names alone, and the only one the core knows: "photos/a" is in "photos", and
// "photos-backup" is not. That a path is known here says nothing of a file or directory there.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/ids.h"

namespace kinfolder {

class PathTree {
 public:
  // Names the path with the next number, which is size() + 1. REQUIRES: `parent` is none (the path
  // lies in the root) or was named before.
  void Add(PathId parent);
  // Paths named so far: 1 to this.
  std::uint32_t size() const { return static_cast<std::uint32_t>(nodes_.size() - 1); }
  // The directory the path lies in; none if that is the root, and for a path not named.
  PathId Parent(PathId path) const;
  // Calls f(path) for all paths inside `top`, at any depth, until it says false. Not recursive.
  template <class F>
  void ForEachBelow(PathId top, F f) const {
    for (PathId at = FirstBelow(top); at; at = NextBelow(at, top))
      if (!f(at)) return;
  }

 private:
  struct Node {
    PathId parent, child, next;  // `child` begins the list of those inside, `next` goes on in one
  };
  PathId FirstBelow(PathId top) const;
  PathId NextBelow(PathId at, PathId top) const;

  std::vector<Node> nodes_{Node{}};  // index = PathId.value; [0] is the root
};

}  // namespace kinfolder

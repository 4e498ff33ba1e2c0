#include "core/model/path_tree.h"

#include "core/base/check.h"

namespace kinfolder {

void PathTree::Add(PathId parent) {
  CHECK(parent.value < nodes_.size());
  const PathId path{static_cast<std::uint32_t>(nodes_.size())};
  Node node;
  node.parent = parent;
  if (parent) {  // nobody asks what is in the root: everything
    node.next = nodes_[parent.value].child;
    nodes_[parent.value].child = path;
  }
  nodes_.push_back(node);
}

PathId PathTree::Parent(PathId path) const {
  return path.value < nodes_.size() ? nodes_[path.value].parent : PathId{};
}

PathId PathTree::FirstBelow(PathId top) const {
  return top.value < nodes_.size() ? nodes_[top.value].child : PathId{};
}

PathId PathTree::NextBelow(PathId at, PathId top) const {
  if (nodes_[at.value].child) return nodes_[at.value].child;
  while (at != top && !nodes_[at.value].next) at = nodes_[at.value].parent;
  return at == top ? PathId{} : nodes_[at.value].next;
}

}  // namespace kinfolder

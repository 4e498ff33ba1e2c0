// TestTree: a real directory for one test, with a marked root in it. Only for tests.
//
// Made under the system's directory for temporary files, whose parents everybody may pass.
#pragma once

#include <string>
#include <vector>

#include "shells/posix/root.h"

namespace kinfolder {

class TestTree {
 public:
  TestTree();
  ~TestTree();
  TestTree(const TestTree&) = delete;
  TestTree& operator=(const TestTree&) = delete;

  const std::string& base() const { return base_; }          // holds the root and what else is made
  std::string root_path() const { return base_ + "/root"; }  // the folder's root
  Root& root() { return *root_; }

  // Below, `name` is relative to the root. Failures abort the test program.
  std::string At(const std::string& name) const { return root_path() + "/" + name; }
  void MakeDirs(const std::string& name) const;
  void Write(const std::string& name, const std::string& text) const;  // in place
  std::string Read(const std::string& name) const;
  void Link(const std::string& target, const std::string& name) const;
  void Rename(const std::string& from, const std::string& to) const;
  void Remove(const std::string& name) const;  // with all below
  bool Exists(const std::string& name) const;
  // The names in a directory, sorted.
  std::vector<std::string> List(const std::string& name) const;

 private:
  std::string base_;
  Root* root_ = nullptr;
};

// While it lives, file permissions bind this thread even if it runs as root.
class WithoutPrivilege {
 public:
  WithoutPrivilege();
  ~WithoutPrivilege();
  WithoutPrivilege(const WithoutPrivilege&) = delete;
  WithoutPrivilege& operator=(const WithoutPrivilege&) = delete;

 private:
  unsigned effective_[2] = {0, 0};
};

}  // namespace kinfolder

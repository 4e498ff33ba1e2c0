#include "shells/posix/test_tree.h"

#include <linux/capability.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "core/base/check.h"

namespace kinfolder {
namespace {

namespace fs = std::filesystem;

}  // namespace

TestTree::TestTree() {
  std::string pattern = fs::temp_directory_path().string() + "/kinfolder-test-XXXXXX";
  CHECK(mkdtemp(pattern.data()) != nullptr);
  base_ = pattern;
  CHECK(chmod(base_.c_str(), 0755) == 0);
  CHECK(fs::create_directory(root_path()));
  Result<Root> root = Root::Open(root_path(), {"folder-1", "state-1"});
  CHECK(root.ok());
  root_ = new Root(std::move(root).value());
  CHECK(root_->CreateMarker().ok());
}

TestTree::~TestTree() {
  delete root_;
  std::error_code ignored;
  fs::remove_all(base_, ignored);
}

void TestTree::MakeDirs(const std::string& name) const { fs::create_directories(At(name)); }

void TestTree::Write(const std::string& name, const std::string& text) const {
  std::ofstream out(At(name), std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  CHECK(out.good());
}

std::string TestTree::Read(const std::string& name) const {
  std::ifstream in(At(name), std::ios::binary);
  CHECK(in.good());
  return {std::istreambuf_iterator<char>(in), {}};
}

void TestTree::Link(const std::string& target, const std::string& name) const {
  CHECK(symlink(target.c_str(), At(name).c_str()) == 0);
}

void TestTree::Rename(const std::string& from, const std::string& to) const {
  CHECK(rename(At(from).c_str(), At(to).c_str()) == 0);
}

void TestTree::Remove(const std::string& name) const { CHECK(fs::remove_all(At(name)) > 0); }

bool TestTree::Exists(const std::string& name) const {
  return fs::symlink_status(At(name)).type() != fs::file_type::not_found;
}

std::vector<std::string> TestTree::List(const std::string& name) const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(At(name))) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

WithoutPrivilege::WithoutPrivilege() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  CHECK(syscall(SYS_capget, &header, data) == 0);
  effective_[0] = data[0].effective;
  effective_[1] = data[1].effective;
  data[0].effective &= ~((1u << CAP_DAC_OVERRIDE) | (1u << CAP_DAC_READ_SEARCH));
  CHECK(syscall(SYS_capset, &header, data) == 0);
}

WithoutPrivilege::~WithoutPrivilege() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  CHECK(syscall(SYS_capget, &header, data) == 0);
  data[0].effective = effective_[0];
  data[1].effective = effective_[1];
  CHECK(syscall(SYS_capset, &header, data) == 0);
}

}  // namespace kinfolder

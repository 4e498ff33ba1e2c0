// The pages in docs/machines/ are what the machines' tables say now.
//
//   bazel test //tests/docs:machines                  fails when a page is missing, stale or stray
//   bazel run //tests/docs:machines -- --rewrite      writes them
//
// Which machines there are is in machines.bzl.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/table_doc/machine_doc.h"
#include "gtest/gtest.h"
#include "tests/docs/machine_list.h"

namespace kinfolder {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "docs/machines";
constexpr const char* kHowTo = "; run: bazel run //tests/docs:machines -- --rewrite";

std::string PageName(const MachineDoc& doc) { return std::string(doc.name) + ".md"; }

// The whole file; nullopt when it cannot be read.
std::optional<std::string> Contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST(MachinePages, SayWhatTheTablesSay) {
  for (const MachineDoc& doc : AllMachineDocs()) {
    const fs::path path = fs::path(kFolder) / PageName(doc);
    const auto page = Contents(path);
    ASSERT_TRUE(page.has_value()) << path << " is missing" << kHowTo;
    EXPECT_EQ(*page, MachinePage(doc)) << path << " is stale" << kHowTo;
  }
}

TEST(MachinePages, AreEachOfOneMachine) {
  std::set<std::string> names;
  for (const MachineDoc& doc : AllMachineDocs()) {
    EXPECT_TRUE(names.insert(PageName(doc)).second) << "two machines are called " << doc.name;
  }
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(kFolder, error)) {
    if (entry.path().extension() != ".md") continue;
    EXPECT_TRUE(names.contains(entry.path().filename()))
        << entry.path() << " is of no machine in tests/docs/machines.bzl; remove it";
  }
  EXPECT_FALSE(error) << kFolder << ": " << error.message();
}

// What the compile-time lint cannot see: the words.
TEST(MachineDocs, SayWhatTheyAreAbout) {
  for (const MachineDoc& doc : AllMachineDocs()) {
    EXPECT_FALSE(doc.title.empty()) << doc.name;
    EXPECT_TRUE(doc.purpose.ends_with('.')) << doc.name << ": the purpose is whole sentences";
    for (const DocIgnored& i : doc.ignored) {
      EXPECT_TRUE(i.reason.ends_with('.')) << doc.name << ": a reason is a sentence: " << i.reason;
    }
  }
}

// Writes every page into the checkout. Returns the program's exit status.
int Rewrite() {
  const char* top = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  if (top == nullptr) {
    std::cerr << "--rewrite needs to know the checkout" << kHowTo << "\n";
    return 1;
  }
  for (const MachineDoc& doc : AllMachineDocs()) {
    const fs::path path = fs::path(top) / kFolder / PageName(doc);
    std::ofstream file(path, std::ios::binary);
    file << MachinePage(doc);
    if (!file.flush()) {
      std::cerr << path << " cannot be written; check the folder's permissions\n";
      return 1;
    }
    std::cout << "wrote " << kFolder << "/" << PageName(doc) << "\n";
  }
  return 0;
}

}  // namespace
}  // namespace kinfolder

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc == 1) return RUN_ALL_TESTS();
  if (argc == 2 && std::string_view(argv[1]) == "--rewrite") return kinfolder::Rewrite();
  std::cerr << "usage: machines [--rewrite]\n";
  return 2;
}

// Every decision about a path, against the rules of docs/domain.md and against the printed table.
//
//   bazel test //tests/decisions                  all situations; and the page is what the core
//   does bazel run //tests/decisions -- --rewrite      writes docs/decision-table.md
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "tests/decisions/enact.h"
#include "tests/decisions/expect.h"
#include "tests/decisions/page.h"
#include "tests/decisions/situation.h"

namespace kinfolder::decisions {
namespace {

constexpr const char* kPage = "docs/decision-table.md";
constexpr const char* kHowTo = "; run: bazel run //tests/decisions -- --rewrite";

TEST(Decisions, AreThoseOfTheRules) {
  for (const Situation& situation : AllSituations()) {
    try {
      EXPECT_EQ(Describe(Enact(situation)), Describe(Expect(situation))) << Describe(situation);
    } catch (const std::exception& error) {
      ADD_FAILURE() << Describe(situation) << ": " << error.what();
    }
  }
}

TEST(Decisions, AreManyAndAllTold) { EXPECT_GT(AllSituations().size(), 7000U); }

TEST(Decisions, AreThoseOfThePage) {
  std::ifstream file(kPage, std::ios::binary);
  ASSERT_TRUE(file) << kPage << " is missing" << kHowTo;
  const std::string page(std::istreambuf_iterator<char>(file), {});
  EXPECT_TRUE(page == DecisionPage()) << kPage << " is stale" << kHowTo;
}

int Rewrite() {
  const char* top = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  if (top == nullptr) {
    std::cerr << "--rewrite needs to know the checkout" << kHowTo << "\n";
    return 1;
  }
  std::ofstream file(std::filesystem::path(top) / kPage, std::ios::binary);
  file << DecisionPage();
  if (!file.flush()) {
    std::cerr << kPage << " cannot be written; check the folder's permissions\n";
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace kinfolder::decisions

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc == 1) return RUN_ALL_TESTS();
  if (argc == 2 && std::string_view(argv[1]) == "--rewrite") return kinfolder::decisions::Rewrite();
  std::cerr << "usage: decisions [--rewrite]\n";
  return 2;
}

// Every row of every machine's table is taken: by a scenario, a random world, or a random history
// of one agent in which everything may fail.
#include <cstdint>
#include <filesystem>
#include <map>
#include <random>
#include <string>

#include "core/agent/testing/bench.h"
#include "core/agent/testing/random_acts.h"
#include "gtest/gtest.h"
#include "sim/cover/row_counts.h"
#include "sim/scenario/load.h"

namespace kinfolder {
namespace {

// Rows that nothing here takes, and why they are there.
const std::map<std::string, std::string> kExplained = {
    {"folder: New FoundCopied -> Stopped", "a copied state directory: agent_directory_test"},
    {"file: MovingAside AsideFailed -> Waiting / BackOff", "agent_clash_test"},
    // Nothing is forgotten while it runs: participants that left stay listed as retired.
    {"cache: Fetching Forgotten -> Absent", "nothing is forgotten"},
    {"cache: Invalid Forgotten -> Absent", "nothing is forgotten"},
    {"cache: Known Forgotten -> Absent", "nothing is forgotten"},
    {"cache: Waiting Forgotten -> Absent", "nothing is forgotten"},
    {"poll: Again Forgotten -> Idle", "nothing is forgotten"},
    {"poll: Polling Forgotten -> Idle", "nothing is forgotten"},
    {"poll: Waiting Forgotten -> Idle", "nothing is forgotten"},
};

void CountScenarios(sim::RowCounts& counts) {
  for (const auto& entry : std::filesystem::directory_iterator("tests/scenarios")) {
    if (entry.path().extension() != ".scenario") continue;
    const auto scenario = sim::LoadScenario(entry.path());
    ASSERT_TRUE(scenario.ok()) << entry.path();
    sim::CountScenario(scenario.value(), counts);
  }
}

void CountHistories(std::uint32_t histories, sim::RowCounts& counts) {
  std::minstd_rand numbers(1);
  for (std::uint32_t i = 0; i < histories; ++i) {
    Bench b;
    b.watcher = &counts;
    MakeSmall(b, static_cast<std::uint32_t>(numbers()));
    b.Start();
    for (int act = 0; act < 150; ++act) Act(b, static_cast<std::uint32_t>(numbers()));
    EXPECT_EQ(FaultsAtRest(b), "");
  }
}

TEST(Rows, AreAllTaken) {
  sim::RowCounts counts;
  CountScenarios(counts);
  sim::CountSeeds(1, 100, counts);
  CountHistories(4000, counts);
  for (const auto& [row, taken] : counts.rows()) {
    const auto explained = kExplained.find(row);
    if (explained == kExplained.end())
      EXPECT_GT(taken, 0U) << row;
    else
      EXPECT_EQ(taken, 0U) << row << " is taken; remove it from kExplained";
  }
  for (const auto& [row, why] : kExplained) EXPECT_TRUE(counts.rows().contains(row)) << row;
}

}  // namespace
}  // namespace kinfolder

#include "shells/setup/folder_options.h"

#include <gtest/gtest.h>

#include "shells/setup/option_list.h"

namespace kinfolder {
namespace {

TEST(FolderOptionsTest, NothingSetIsTheCoresOwnDefaults) {
  const Result<FolderOptions> options = ParseOptions({});
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options.value().core, FolderConfig());
  EXPECT_TRUE(options.value().watch);
}

TEST(FolderOptionsTest, EachOptionArrives) {
  const Result<FolderOptions> options = ParseOptions({{"poll-interval", "2m"},
                                                      {"scan-interval", "0"},
                                                      {"history", "latest"},
                                                      {"max-deletes-percent", "80%"},
                                                      {"max-deletes-files", "7"},
                                                      {"watch", "off"},
                                                      {"ignore", "*.tmp  build/"},
                                                      {"bandwidth", "2M"},
                                                      {"min-free", "5%"}});
  ASSERT_TRUE(options.ok()) << options.error().text;
  const FolderOptions& set = options.value();
  EXPECT_EQ(set.core.poll_interval_ms, 120'000);
  EXPECT_EQ(set.core.scan_interval_ms, 0);
  EXPECT_FALSE(set.core.history_all);
  EXPECT_EQ(set.core.max_deletes_percent, 80u);
  EXPECT_EQ(set.core.max_deletes_files, 7u);
  EXPECT_FALSE(set.watch);
  EXPECT_EQ(set.ignore, (std::vector<std::string>{"*.tmp", "build/"}));
  EXPECT_EQ(set.bandwidth, 2'000'000u);
  EXPECT_EQ(set.min_free_percent, 5.0);
  EXPECT_EQ(set.min_free_bytes, 0u);
}

TEST(FolderOptionsTest, RefusesWhatIsNoValue) {
  EXPECT_FALSE(CheckOption("poll-interval", "0").ok());
  EXPECT_FALSE(CheckOption("poll-interval", "soon").ok());
  EXPECT_FALSE(CheckOption("history", "some").ok());
  EXPECT_FALSE(CheckOption("max-deletes-percent", "101").ok());
  EXPECT_FALSE(CheckOption("watch", "").ok());
  EXPECT_FALSE(CheckOption("bandwidth", "-5").ok());
  EXPECT_FALSE(CheckOption("min-free", "100%").ok());
  const Status unknown = CheckOption("colour", "red");
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.error().text.find("poll-interval"), std::string::npos);
}

TEST(FolderOptionsTest, EveryListedOptionIsKnown) {
  for (const OptionHelp& option : OptionList()) {
    const Status status = CheckOption(std::string(option.name), "no such value");
    if (!status.ok()) {
      EXPECT_EQ(status.error().text.find("there is no option"), std::string::npos) << option.name;
    }
  }
}

TEST(ParseDurationTest, UnitsAndLimits) {
  EXPECT_EQ(ParseDuration("90").value(), 90);
  EXPECT_EQ(ParseDuration("15m").value(), 900);
  EXPECT_EQ(ParseDuration("7d").value(), 7 * 86400);
  EXPECT_FALSE(ParseDuration("").ok());
  EXPECT_FALSE(ParseDuration("-1s").ok());
  EXPECT_FALSE(ParseDuration("1y").ok());
  EXPECT_FALSE(ParseDuration("99999999999999999999").ok());
  EXPECT_FALSE(ParseDuration("9999999999w").ok());
}

}  // namespace
}  // namespace kinfolder

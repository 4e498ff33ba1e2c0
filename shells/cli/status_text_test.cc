#include "shells/cli/status_text.h"

#include <gtest/gtest.h>

namespace kinfolder {
namespace {

using nlohmann::json;

json Status() {
  return {{"folders",
           {{{"name", "docs"},
             {"path", "/home/anna/docs"},
             {"participant", "anna"},
             {"store", "dir:/store"},
             {"state", "blocked"},
             {"files", 3},
             {"bytes", 4100},
             {"conflicts",
              {{{"path", "a.txt"},
                {"theirs", {{{"participant", "ben"}, {"copy", "a.txt.conflict-ben"}}}}}}},
             {"blocked",
              {{{"path", "b.txt"}, {"reason", "permission"}, {"since", "1970-01-01T00:01:00Z"}}}},
             {"held_deletes", 25},
             {"progress",
              {{"files_done", 1}, {"files_total", 3}, {"bytes_done", 100}, {"bytes_total", 4100}}},
             {"last_scan", "1970-01-01T00:01:30Z"},
             {"last_poll", "1970-01-01T00:01:40Z"},
             {"unpublished_since", nullptr}}}}};
}

TEST(StatusTextTest, SaysWhatIsNotInSyncAndWhy) {
  const std::string text = StatusText(Status(), 100);
  for (const char* part :
       {"docs", "blocked", "3 files, 4.1 kB", "/home/anna/docs as anna, store dir:/store",
        "looked at 10 s ago", "the store just now", "ben's is in a.txt.conflict-ben",
        "b.txt: permission, since 40 s ago", "25 deletes are held",
        "1 of 3 files, 100 bytes of 4.1 kB"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is not in\n" << text;
  }
  EXPECT_EQ(text.find("wait to be sent"), std::string::npos);
}

TEST(StatusTextTest, LinesDoNotChangeWithTime) {
  json later = Status();
  later["folders"][0]["last_poll"] = "1970-01-01T00:02:40Z";
  EXPECT_EQ(StatusLines(Status()), StatusLines(later));
  EXPECT_EQ(StatusLines(Status()), "docs  blocked  3 files, 4.1 kB, 1 conflict, 1 path blocked\n");
}

TEST(StatusTextTest, KnowsWhatIsBlocked) {
  EXPECT_TRUE(HasBlocked(Status()));
  json good = Status();
  good["folders"][0]["blocked"] = json::array();
  good["folders"][0]["state"] = "in-sync";
  EXPECT_FALSE(HasBlocked(good));
  EXPECT_FALSE(HasBlocked(json::object()));
}

TEST(StatusTextTest, StrangeAnswersAreNoCrash) {
  EXPECT_NE(StatusText(json::object(), 0).find("No folders"), std::string::npos);
  StatusText(json{{"folders", {1, "x", nullptr, json::object()}}}, 0);
}

}  // namespace
}  // namespace kinfolder

// Server and client over a real socket; the server's loop runs on a thread of its own.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "shells/api/control_client.h"
#include "shells/api/control_protocol.h"
#include "shells/api/control_server.h"
#include "shells/api/unix_socket.h"

namespace kinfolder {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class ControlTest : public testing::Test {
 protected:
  void SetUp() override {
    // Longer than a socket's address may be.
    base_ = fs::path(testing::TempDir()) / ("control-" + std::string(120, 'x')) /
            testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::create_directories(base_);
    path_ = base_ / "control.sock";
    loop_ = std::move(EventLoop::Create()).value();
    Result<std::unique_ptr<ControlServer>> server = ControlServer::Create(
        *loop_, path_, [this](ControlRequest request, std::shared_ptr<Responder> answer) {
          Handle(std::move(request), std::move(answer));
        });
    ASSERT_TRUE(server.ok()) << server.error().text;
    server_ = std::move(server).value();
    thread_ = std::thread([this] { loop_->Run(); });
  }

  void TearDown() override {
    loop_->Post([this] {
      kept_.clear();
      server_.reset();
      loop_->Stop();
    });
    thread_.join();
    EXPECT_FALSE(fs::exists(path_));
    fs::remove_all(base_.parent_path());
  }

  void Handle(ControlRequest request, std::shared_ptr<Responder> answer) {
    const std::string command = request.body.value("command", "");
    if (command == "echo") answer->Finish(request.body);
    if (command == "fail")
      answer->Finish(MakeError(ErrorKind::kNotFound, "nothing; look elsewhere"));
    if (command == "count") {
      for (int i = 0; i < 3; ++i) answer->Part(i);
      answer->End();
    }
    if (command == "write") {
      const ssize_t count = ::write(request.file.get(), "hello", 5);
      answer->Finish(json(count));
    }
    if (command == "big") answer->Finish(json(std::string(8 << 20, 'b')));
    if (command == "keep") kept_.push_back(std::move(answer));
    if (command == "kept")
      answer->Finish(json(std::count_if(kept_.begin(), kept_.end(),
                                        [](const auto& each) { return each->IsOpen(); })));
  }

  ControlClient Connect() {
    Result<ControlClient> client = ControlClient::Connect(path_);
    EXPECT_TRUE(client.ok()) << client.error().text;
    return std::move(client).value();
  }

  fs::path base_;
  std::string path_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<ControlServer> server_;
  std::vector<std::shared_ptr<Responder>> kept_;
  std::thread thread_;
};

TEST_F(ControlTest, AnswersOneAfterTheOther) {
  ControlClient client = Connect();
  for (int i = 0; i < 50; ++i) {
    const json request = {{"command", "echo"}, {"i", i}};
    const Result<json> answer = client.Call(request);
    ASSERT_TRUE(answer.ok()) << answer.error().text;
    EXPECT_EQ(answer.value(), request);
  }
}

TEST_F(ControlTest, ErrorsKeepTheirKindAndText) {
  const Result<json> answer = Connect().Call({{"command", "fail"}});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error(), MakeError(ErrorKind::kNotFound, "nothing; look elsewhere"));
}

TEST_F(ControlTest, StreamsUntilTheEnd) {
  std::vector<int> parts;
  ControlClient client = Connect();
  const Status done = client.Stream({{"command", "count"}}, [&](const json& part) {
    parts.push_back(part.get<int>());
    return true;
  });
  ASSERT_TRUE(done.ok()) << done.error().text;
  EXPECT_EQ(parts, (std::vector<int>{0, 1, 2}));
  EXPECT_TRUE(client.Call({{"command", "echo"}}).ok());
}

TEST_F(ControlTest, FilesTravelAlong) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const Fd in(ends[0]);
  const Fd out(ends[1]);
  const Result<json> answer = Connect().Call({{"command", "write"}}, out.get());
  ASSERT_TRUE(answer.ok()) << answer.error().text;
  char text[6] = {};
  ASSERT_EQ(::read(in.get(), text, 5), 5);
  EXPECT_STREQ(text, "hello");
}

TEST_F(ControlTest, IsForItsOwnerOnly) {
  struct stat found = {};
  ASSERT_EQ(::stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
}

TEST_F(ControlTest, BadRequestsAreRefusedAndTheRestGoesOn) {
  const Fd raw = std::move(ConnectTo(path_)).value();
  const std::string lines = "not json\n[1,2]\n" + RequestLine({{"command", "echo"}});
  ASSERT_EQ(::send(raw.get(), lines.data(), lines.size(), 0), static_cast<ssize_t>(lines.size()));
  std::string got;
  char piece[4096];
  while (std::count(got.begin(), got.end(), '\n') < 3) {
    const ssize_t count = ::recv(raw.get(), piece, sizeof piece, 0);
    ASSERT_GT(count, 0);
    got.append(piece, static_cast<std::size_t>(count));
  }
  std::vector<bool> oks;
  for (std::size_t at = 0; at < got.size(); at = got.find('\n', at) + 1) {
    oks.push_back(ParseAnswerLine(got.substr(at, got.find('\n', at) - at))->ok());
  }
  EXPECT_EQ(oks, (std::vector<bool>{false, false, true}));
}

TEST_F(ControlTest, EndlessRequestsAreCutOff) {
  const Fd raw = std::move(ConnectTo(path_)).value();
  const std::string much(64 * 1024, 'a');
  bool refused = false;
  for (int i = 0; i < 1000 && !refused; ++i) {
    refused = ::send(raw.get(), much.data(), much.size(), MSG_NOSIGNAL) < 0;
  }
  EXPECT_TRUE(refused);
  EXPECT_TRUE(Connect().Call({{"command", "echo"}}).ok());
}

TEST_F(ControlTest, ASlowReaderStopsNobody) {
  const Fd slow = std::move(ConnectTo(path_)).value();
  const std::string line = RequestLine({{"command", "big"}});
  ASSERT_EQ(::send(slow.get(), line.data(), line.size(), 0), static_cast<ssize_t>(line.size()));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Connect().Call({{"command", "echo"}}).ok());
  std::size_t total = 0;
  char last = 0;
  std::vector<char> piece(1 << 20);
  while (last != '\n') {
    const ssize_t count = ::recv(slow.get(), piece.data(), piece.size(), 0);
    ASSERT_GT(count, 0);
    total += static_cast<std::size_t>(count);
    last = piece[static_cast<std::size_t>(count) - 1];
  }
  EXPECT_GT(total, std::size_t{8} << 20);
}

TEST_F(ControlTest, AClientThatGoesAwayIsForgotten) {
  {
    const Fd raw = std::move(ConnectTo(path_)).value();
    const std::string line = RequestLine({{"command", "keep"}});
    ASSERT_EQ(::send(raw.get(), line.data(), line.size(), 0), static_cast<ssize_t>(line.size()));
    while (Connect().Call({{"command", "kept"}}).value() != 1) ::usleep(1000);
  }
  while (Connect().Call({{"command", "kept"}}).value() != 0) ::usleep(1000);
}

TEST(ControlClientTest, WithoutAnAgentItSaysHowToStartOne) {
  const Result<ControlClient> none = ControlClient::Connect(testing::TempDir() + "/none.sock");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(none.error().text.find("kinfolder run"), std::string::npos);
}

}  // namespace
}  // namespace kinfolder

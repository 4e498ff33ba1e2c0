#include "sim/real/real.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <sstream>

#include "sim/real/run.h"
#include "sim/scenario/load.h"

namespace kinfolder::sim {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kEndings[] = {"ok", "FAIL", "refused", "skipped"};

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// One file being played by a child of ours, which leaves its report in `report`.
struct Job {
  std::string file;
  int report = -1;
  std::int64_t start_ms = 0;
};

RealResult PlayFile(const std::string& file, const RealOptions& options,
                    const std::string& directory) {
  const Result<Scenario> scenario = LoadScenario(file);
  if (!scenario.ok()) {
    RealResult result;
    result.ending = RealEnding::kRefused;
    result.what = scenario.error().text;
    return result;
  }
  return RunRealScenario(scenario.value(), options.agent, directory, options.skip_unsupported);
}

Json ReportOf(const RealResult& result) {
  return {{"ending", static_cast<int>(result.ending)},
          {"result", kEndings[static_cast<int>(result.ending)]},
          {"ok", result.ending == RealEnding::kHolds},
          {"line", result.line},
          {"what", result.what},
          {"expected", result.expected},
          {"is", result.is},
          {"left_out", result.left_out},
          {"history", result.history}};
}

[[noreturn]] void Work(const Job& job, const RealOptions& options) {
  umask(022);
  const char* place = std::getenv("TEST_TMPDIR");
  std::string directory = std::string(place == nullptr ? "/tmp" : place) + "/kf-real.XXXXXX";
  Json report;
  if (mkdtemp(directory.data()) == nullptr) {
    report =
        ReportOf({RealEnding::kRefused, 0, "no directory can be made in /tmp", "", "", {}, {}});
  } else {
    report = ReportOf(PlayFile(job.file, options, directory));
    std::error_code error;
    if (report["ending"] == static_cast<int>(RealEnding::kFails) && options.keep) {
      report["directory"] = directory;
    } else {
      fs::remove_all(directory, error);
    }
  }
  const std::string text = Dump(report);
  const bool written = write(job.report, text.data(), text.size()) >= 0;
  _exit(written ? 0 : 1);
}

Json ReadReport(const Job& job) {
  std::string text;
  char piece[65536];
  off_t at = 0;
  for (ssize_t count; (count = pread(job.report, piece, sizeof piece, at)) > 0; at += count)
    text.append(piece, static_cast<std::size_t>(count));
  close(job.report);
  Json report = Json::parse(text, nullptr, false);
  if (!report.is_object())
    report = ReportOf({RealEnding::kFails, 0, "the runner itself ended", "", "", {}, {}});
  report["file"] = job.file;
  report["seconds"] = static_cast<double>(MonotonicMs() - job.start_ms) / 1000;
  return report;
}

void Print(const Json& report, bool json) {
  if (json) {
    std::cout << Dump(report) << std::endl;
    return;
  }
  const int ending = report["ending"];
  std::ostringstream seconds;
  seconds.precision(1);
  seconds << std::fixed << report["seconds"].get<double>() << " s";
  std::string name = kEndings[ending];
  name.resize(8, ' ');
  std::cout << name << report["file"].get<std::string>();
  if (report["line"] != 0) std::cout << ":" << report["line"];
  std::cout << (report["what"] == "" ? "" : ": ") << report["what"].get<std::string>() << " ("
            << seconds.str() << ")\n";
  for (const Json& left_out : report["left_out"])
    std::cout << "        left out: " << left_out.get<std::string>() << "\n";
  for (const Json& line : report["history"])
    std::cout << "        " << line.get<std::string>() << "\n";
  if (report.contains("directory"))
    std::cout << "        kept in " << report["directory"].get<std::string>() << "\n";
  std::cout << std::flush;
}

Job StartJob(const std::string& file, const RealOptions& options, pid_t* pid) {
  Job job{file, memfd_create("report", MFD_CLOEXEC), MonotonicMs()};
  *pid = fork();
  if (*pid == 0) Work(job, options);
  return job;
}

// `kinfolder` beside this program, as `./x build` leaves them.
std::string AgentBesideUs() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path() / "kinfolder";
}

int PrintTotals(const std::map<int, int>& endings, std::size_t files, std::int64_t start_ms) {
  const auto count = [&](RealEnding ending) {
    const auto found = endings.find(static_cast<int>(ending));
    return found == endings.end() ? 0 : found->second;
  };
  std::cout << files << " files: " << count(RealEnding::kHolds) << " ok, "
            << count(RealEnding::kSkipped) << " skipped, " << count(RealEnding::kRefused)
            << " refused, " << count(RealEnding::kFails) << " failed, "
            << (MonotonicMs() - start_ms + 500) / 1000 << " s\n";
  if (count(RealEnding::kRefused) != 0) return 2;
  return count(RealEnding::kFails) != 0 ? 1 : 0;
}

}  // namespace

int RunReal(const RealOptions& wanted) {
  RealOptions options = wanted;
  if (options.agent.empty()) options.agent = AgentBesideUs();
  std::error_code error;
  options.agent = fs::absolute(options.agent, error);
  if (access(options.agent.c_str(), X_OK) != 0 || options.jobs < 1) {
    std::cerr << "kinfolder-sim: --real needs at least one job and the program " << options.agent
              << "; build it, or say where it is with --agent PROGRAM\n";
    return 2;
  }
  const std::int64_t start_ms = MonotonicMs();
  std::map<pid_t, Job> running;
  std::map<int, int> endings;
  for (std::size_t next = 0; next < options.files.size() || !running.empty();) {
    if (next < options.files.size() && running.size() < static_cast<std::size_t>(options.jobs)) {
      pid_t pid = -1;
      Job job = StartJob(options.files[next++], options, &pid);
      if (pid > 0) running.emplace(pid, std::move(job));
      continue;
    }
    const pid_t ended = waitpid(-1, nullptr, 0);
    if (ended < 0 && errno == EINTR) continue;
    const auto job = running.find(ended);
    if (job == running.end()) continue;
    const Json report = ReadReport(job->second);
    running.erase(job);
    ++endings[report["ending"].get<int>()];
    Print(report, options.json);
  }
  return PrintTotals(endings, options.files.size(), start_ms);
}

}  // namespace kinfolder::sim

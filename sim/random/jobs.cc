#include "sim/random/jobs.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

namespace kinfolder::sim {

namespace {

struct Child {
  pid_t pid = 0;
  int out = -1;
  std::uint64_t seed = 0;  // under way
  std::string buffer;
};

void Say(int fd, const nlohmann::json& line) {
  const std::string text =
      line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = write(fd, text.data() + done, text.size() - done);
    if (wrote <= 0) _exit(1);
    done += static_cast<std::size_t>(wrote);
  }
}

// Runs every `jobs`th seed, telling the parent before and after each.
[[noreturn]] void Work(const JobOptions& options, std::uint64_t index, int out) {
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t seed = options.first + index;;
       seed += static_cast<std::uint64_t>(options.jobs)) {
    const auto spent = std::chrono::steady_clock::now() - start;
    const bool over = options.time_ms > 0 ? spent >= std::chrono::milliseconds(options.time_ms)
                                          : seed > options.last;
    if (over) break;
    Say(out, {{"start", seed}});
    const SeedResult result = RunSeed(seed, options.profile, false);
    Say(out, {{"seed", seed},
              {"failure", result.failure},
              {"oracle", result.oracle},
              {"text", result.text},
              {"history", result.history},
              {"events", result.events},
              {"simulated_ms", result.simulated_ms}});
  }
  _exit(0);
}

Child Spawn(const JobOptions& options, std::uint64_t index) {
  int ends[2];
  Child child;
  if (pipe(ends) != 0) return child;
  child.pid = fork();
  if (child.pid == 0) {
    close(ends[0]);
    Work(options, index, ends[1]);
  }
  close(ends[1]);
  child.out = ends[0];
  return child;
}

void Take(const nlohmann::json& line, Child& child, JobTotals& totals,
          const std::function<void(const SeedResult&)>& on_failure) {
  if (line.contains("start")) {
    child.seed = line["start"];
    return;
  }
  SeedResult result;
  result.seed = line["seed"];
  result.failure = line["failure"];
  result.oracle = line["oracle"];
  result.text = line["text"];
  result.history = line["history"].get<std::vector<std::string>>();
  child.seed = 0;
  ++totals.seeds;
  totals.events += line["events"].get<std::uint64_t>();
  totals.simulated_ms += line["simulated_ms"].get<std::int64_t>();
  if (result.failure == 0) return;
  on_failure(result);
  totals.failures.push_back(std::move(result));
}

// Reads what a child says until it ends, then how it ended.
void Drain(Child& child, JobTotals& totals,
           const std::function<void(const SeedResult&)>& on_failure) {
  char bytes[65536];
  for (ssize_t got; (got = read(child.out, bytes, sizeof bytes)) > 0;) {
    child.buffer.append(bytes, static_cast<std::size_t>(got));
    for (std::size_t end; (end = child.buffer.find('\n')) != std::string::npos;) {
      const nlohmann::json line =
          nlohmann::json::parse(child.buffer.substr(0, end), nullptr, false);
      child.buffer.erase(0, end + 1);
      if (!line.is_discarded()) Take(line, child, totals, on_failure);
    }
  }
  close(child.out);
  int status = 0;
  rusage usage{};
  wait4(child.pid, &status, 0, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  totals.cpu_seconds += seconds(usage.ru_utime) + seconds(usage.ru_stime);
  totals.peak_rss_bytes =
      std::max(totals.peak_rss_bytes, static_cast<std::uint64_t>(usage.ru_maxrss) * 1024);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  SeedResult result;
  result.seed = child.seed;
  result.failure = kCheckFailed;
  result.oracle = "CHECK";
  result.text = "the core ended the process; the condition stands above";
  on_failure(result);
  totals.failures.push_back(std::move(result));
}

}  // namespace

JobTotals RunJobs(const JobOptions& options,
                  const std::function<void(const SeedResult&)>& on_failure) {
  JobTotals totals;
  std::vector<Child> children;
  for (int i = 0; i < options.jobs; ++i)
    children.push_back(Spawn(options, static_cast<std::uint64_t>(i)));
  for (Child& child : children)
    if (child.pid > 0) Drain(child, totals, on_failure);
  std::sort(totals.failures.begin(), totals.failures.end(),
            [](const SeedResult& a, const SeedResult& b) { return a.seed < b.seed; });
  return totals;
}

}  // namespace kinfolder::sim

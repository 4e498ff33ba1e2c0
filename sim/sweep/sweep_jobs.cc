#include "sim/sweep/sweep_jobs.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <new>

#include "sim/scenario/load.h"

namespace kinfolder::sim {

namespace {

using nlohmann::json;

constexpr int kMaxJobs = 64;

// What parent and children share: the next file to do, and where each child is, for when it dies.
struct Stand {
  std::size_t file = 0;
  char point[256] = {};
};
struct Board {
  std::atomic<std::size_t> next{0};
  Stand places[kMaxJobs];
};

struct Child {
  pid_t pid = 0;
  int out = -1;
  std::string buffer;
};

json SweepFile(const std::string& file, const SweepJobs& jobs, Stand& place) {
  const Result<Scenario> scenario = LoadScenario(file);
  if (!scenario.ok()) return {{"file", file}, {"error", scenario.error().text}};
  const auto start = std::chrono::steady_clock::now();
  const SweepReport report =
      Sweep(scenario.value(), jobs.options, [&](const std::vector<Point>& points) {
        std::snprintf(place.point, sizeof place.point, "%s", Text(points).c_str());
      });
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  json failures = json::array();
  if (report.calm.ending != Ending::kHolds) failures.push_back(ToJson({{}, "", report.calm}, file));
  for (const SweepFailure& failure : report.failures) failures.push_back(ToJson(failure, file));
  json left_out = json::object();
  std::uint64_t judged = 0;
  for (const auto& [why, count] : report.expectations)
    if (why == LeftOut::kNo)
      judged = count;
    else
      left_out[std::string(NameOf(why))] = count;
  return {{"file", file},
          {"ok", failures.empty()},
          {"boundaries", report.boundaries},
          {"points", report.points},
          {"images", report.images},
          {"judged", judged},
          {"left_out", std::move(left_out)},
          {"seconds", seconds.count()},
          {"failures", std::move(failures)}};
}

[[noreturn]] void Work(const SweepJobs& jobs, Board& shared, int index, int out) {
  Stand& place = shared.places[index];
  for (std::size_t at; (at = shared.next++) < jobs.files.size();) {
    place.file = at;
    place.point[0] = '\0';
    const std::string line = SweepFile(jobs.files[at], jobs, place)
                                 .dump(-1, ' ', false, json::error_handler_t::replace) +
                             "\n";
    for (std::size_t done = 0; done < line.size();) {
      const ssize_t wrote = write(out, line.data() + done, line.size() - done);
      if (wrote <= 0) _exit(1);
      done += static_cast<std::size_t>(wrote);
    }
  }
  _exit(0);
}

Child Spawn(const SweepJobs& jobs, Board& shared, int index) {
  int ends[2];
  Child child;
  std::fflush(nullptr);
  if (pipe(ends) != 0) return child;
  child.pid = fork();
  if (child.pid == 0) {
    close(ends[0]);
    Work(jobs, shared, index, ends[1]);
  }
  close(ends[1]);
  child.out = ends[0];
  return child;
}

// What to say of a file whose sweep ended its process.
json Died(const std::string& file, const Stand& place) {
  SweepFailure failure;
  if (const auto points = ReadPoints(place.point)) failure.points = *points;
  failure.result.ending = Ending::kFails;
  failure.result.oracle = "CHECK";
  failure.result.what = "the process ended; the condition stands above";
  return {{"file", file}, {"ok", false}, {"failures", json::array({ToJson(failure, file)})}};
}

// Reads what a child says. False: it has ended.
bool Hear(Child& child, const std::function<void(const json&)>& on_file) {
  char bytes[65536];
  const ssize_t got = read(child.out, bytes, sizeof bytes);
  if (got <= 0) return false;
  child.buffer.append(bytes, static_cast<std::size_t>(got));
  for (std::size_t end; (end = child.buffer.find('\n')) != std::string::npos;) {
    on_file(json::parse(child.buffer.substr(0, end), nullptr, false));
    child.buffer.erase(0, end + 1);
  }
  return true;
}

// True if it ended well.
bool Reap(Child& child) {
  close(child.out);
  child.out = -1;
  int status = 0;
  waitpid(child.pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

nlohmann::json ToJson(const SweepFailure& failure, const std::string& file) {
  const std::string point = Text(failure.points);
  std::string again = "kinfolder-sim scenario " + file;
  if (!point.empty()) again += " --sweep --point '" + point + "'";
  return {{"point", point},
          {"effect", failure.effect},
          {"line", failure.result.line},
          {"what", failure.result.what},
          {"expected", failure.result.expected},
          {"is", failure.result.is},
          {"oracle", failure.result.oracle},
          {"history", failure.result.history},
          {"reproduce", again + " --log"}};
}

void SweepFiles(const SweepJobs& jobs, const std::function<void(const json&)>& on_file) {
  void* memory =
      mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  Board& shared = *new (memory) Board;
  std::vector<Child> children;
  for (int i = 0; i < std::min(jobs.jobs, kMaxJobs); ++i)
    children.push_back(Spawn(jobs, shared, i));
  while (true) {
    std::vector<pollfd> waits;
    for (const Child& child : children) waits.push_back({child.out, POLLIN, 0});
    if (std::all_of(waits.begin(), waits.end(), [](const pollfd& p) { return p.fd < 0; })) break;
    if (poll(waits.data(), waits.size(), -1) < 0) continue;
    for (std::size_t i = 0; i < children.size(); ++i) {
      if (waits[i].fd < 0 || waits[i].revents == 0 || Hear(children[i], on_file)) continue;
      if (Reap(children[i])) continue;
      const Stand& place = shared.places[i];
      on_file(Died(jobs.files.at(place.file), place));
      children[i] = Spawn(jobs, shared, static_cast<int>(i));
    }
  }
  munmap(memory, sizeof(Board));
}

}  // namespace kinfolder::sim

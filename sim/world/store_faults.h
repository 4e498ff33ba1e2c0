// What a simulated store does wrong at the moment, and to whom.
//
// A plain value. Everything is kept per machine; kAnyone is whoever comes first. Counts are of
// requests, times are virtual milliseconds.
#pragma once

#include <cstdint>
#include <map>
#include <set>

namespace kinfolder::sim {

inline constexpr int kAnyone = -1;

// Mutable directories are read as they were.
struct StaleReads {
  std::int64_t as_of_ms = 0;
  std::int64_t until_ms = 0;
  bool wander = false;  // each read sees some moment since `as_of_ms`
};

struct StoreFaults {
  std::map<int, int> fail;         // the next N requests fail
  std::map<int, int> lose_answer;  // the next N requests work, their answers are lost
  std::map<int, int> delay_write;  // the next N directory writes time out and work later
  std::map<int, std::int64_t> delay_ms;
  std::map<int, std::int64_t> stall_until_ms;
  std::map<int, StaleReads> stale;
  std::map<int, std::int64_t> latency_ms;  // none: drawn
  std::set<int> full;                      // quota: uploads and directory writes are refused
  std::map<int, std::int64_t> bandwidth;   // of each machine's link, bytes a second; none: no limit
  std::map<int, std::int64_t> link_free_ms;      // when what is on its way has passed
  std::map<int, int> lose_request;               // the next N requests time out and never work
  std::map<int, std::int64_t> down_until_ms;     // too few servers: nothing is found
  std::map<int, std::int64_t> partial_until_ms;  // listings of the collective have gaps
};

// The value for this machine, or else for anyone; null if there is neither.
template <class T>
const T* ForMachine(const std::map<int, T>& values, int machine) {
  for (int who : {machine, kAnyone})
    if (const auto value = values.find(who); value != values.end()) return &value->second;
  return nullptr;
}

// Takes one from the count of this machine, or else of anyone. False: there is none.
bool TakeOne(std::map<int, int>& counts, int machine);
bool IsFull(const StoreFaults& faults, int machine);
// When the requests of this machine go on; 0 if they do not hang.
std::int64_t StalledUntilMs(const StoreFaults& faults, int machine);
// True while a timed fault of this machine or of anyone lasts.
bool Lasts(const std::map<int, std::int64_t>& until_ms, int machine, std::int64_t now_ms);
// When so many bytes have passed this machine's link, one transfer after the other.
std::int64_t MovedAtMs(StoreFaults& faults, int machine, std::uint64_t bytes, std::int64_t now_ms);
// When the last timed fault is over.
std::int64_t EndOfFaultsMs(const StoreFaults& faults);

}  // namespace kinfolder::sim

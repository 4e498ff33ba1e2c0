// One entry of the cache of remote snapshots: absent, being fetched, known, or refused for good.
//
// A pure planning table: it says what to do next, its caller does it and holds the bytes. A known
// entry never goes stale, because what a snapshot's capability names never changes. The caller
// looks at the phase first: kKnown is read from the cache, kInvalid is a problem to show. It drops
// answers to requests that are not the latest one. See docs/machines/cache.md.
#pragma once

#include <cstdint>

#include "core/table_doc/step_result.h"

namespace kinfolder {

struct MachineDoc;

// The numbers are durable and in traces: never reuse one.
enum class CachePhase : std::uint8_t {
  kAbsent = 1,    // nobody has wanted it yet
  kFetching = 2,  // one download is under way
  kKnown = 3,     // downloaded and verified
  kWaiting = 4,   // it could not be fetched; the retry is armed
  kInvalid = 5,   // fetched and refused for good: bad signature, wrong path, malformed
};

enum class CacheEvent : std::uint8_t {
  kWanted = 1,     // somebody needs it
  kFetched = 2,    // downloaded, and it is what it claims to be
  kFailed = 3,     // it did not come, or not whole; it may work later
  kRefused = 4,    // it came, and it is not acceptable
  kRetryDue = 5,   // the delay after a failure has passed
  kForgotten = 6,  // nobody needs it any more, or the cache was emptied
};

enum class CacheAction : std::uint8_t {
  kNone = 0,
  kFetch = 1,    // send one download
  kKeep = 2,     // store what came, and tell all who wanted it
  kBackOff = 3,  // arm the retry (core/base/backoff.h, with the state's failures)
  kReport = 4,   // record the problem, and tell all who wanted it
};

struct CacheState {
  CachePhase phase = CachePhase::kAbsent;
  std::uint32_t failures = 0;  // failed downloads in a row

  friend bool operator==(const CacheState&, const CacheState&) = default;
};

// Advances `state` by one event. Unless the verdict is kTaken, nothing changes.
StepResult<CacheAction> StepCache(CacheState& state, CacheEvent event);

MachineDoc CacheMachineDoc();

}  // namespace kinfolder

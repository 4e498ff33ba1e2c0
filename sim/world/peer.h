// A participant that behaves as magic-folder 24.3.0, with its traps: a plain value in its machine.
//
// It scans and polls at intervals, makes a snapshot for each changed file, adopts what is newer and
// is stuck at its first conflict of a path. What survives a crash is `state` (its database); `run`
// does not. It does the same requests as the real one, but none of their formats. Of the faults of
// a store it meets failures, stalls and stale reads; a root that is away it leaves alone. It skips
// every symbolic link (the real one follows those to directories).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/world/store.h"

namespace kinfolder::sim {

struct World;
class Judge;

// Of its table of current snapshots: what it last knew of a path.
struct PeerRow {
  Cap cap = 0;         // uploaded or adopted; 0: made here and not uploaded yet
  bool there = false;  // false: the last version was a delete, and what follows is nothing
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0, ctime_ns = 0;
};

// A snapshot of its own that waits to be uploaded.
struct PeerLocal {
  std::string path;
  bool deleted = false;
  BlobId blob = 0;
  std::int64_t mtime_s = 0;
  TruthId truth = 0;
};

struct PeerState {
  std::map<std::string, PeerRow> rows;
  std::deque<PeerLocal> locals;          // oldest first
  std::map<std::string, Cap> conflicts;  // paths with an unresolved conflict: nothing moves them
  std::map<std::string, std::string> copies;  // of those, the conflict file
};

// What one run remembers.
struct PeerRun {
  bool uploading = false;
  std::string uploaded;  // the path whose link the next upload waits for
  std::uint32_t failures = 0;
  std::size_t applies = 0;  // paths of the poll under way that are not done
  std::uint64_t polls = 0;  // finished
  std::size_t polls_queued = 0;
  bool again = false;           // one was asked for while another was under way
  bool poll_wedged = false;     // no poll ends any more
  std::set<std::string> stuck;  // paths whose handling failed for good
  std::map<std::string, std::int64_t> first_mtime_s;  // every snapshot of a path says this one
};

struct Peer {
  PeerState state;
  std::optional<PeerRun> run;  // running
};

enum class PeerAct : std::uint8_t { kStart, kScan, kPoll, kApply, kUpload, kLink };

// Something a running peer is about to do; in the world's queue.
struct PeerDue {
  int machine = 0;
  std::uint32_t incarnation = 0;
  PeerAct act = PeerAct::kStart;
  std::string path;  // kApply, kLink
  // kApply: the heads that the poll found, and whose.
  std::vector<std::pair<Cap, std::string>> offers;
};

// REQUIRES for all: the machine is a peer.
void StartPeer(World& world, int machine);  // REQUIRES: not running
void CarryOutPeer(World& world, Judge& judge, PeerDue due);
// A scan or a poll beside the regular ones; returns how many polls have ended when that one has.
// ScanPeer does nothing if it is not running; PollPeer REQUIRES that it is.
void ScanPeer(World& world, int machine);
std::uint64_t PollPeer(World& world, int machine);
// Something is under way that ends by itself.
bool IsBusy(const Peer& peer);

}  // namespace kinfolder::sim

// DiskPort: carries out the effects on one folder's files, many at a time. Internal to shells/host.
#pragma once

#include <functional>
#include <map>
#include <unordered_map>
#include <vector>

#include "core/agent/effect.h"
#include "shells/host/host_parts.h"

namespace kinfolder {

class DiskPort {
 public:
  // `parts` must outlive the port. `root_opened` is called when another root (or the first one) was
  // opened, before the core is told.
  DiskPort(HostParts& parts, std::function<void()> root_opened);

  void Add(const LookAtRoot& effect);
  void Add(const Look& effect) { looks_.Add(effect); }
  void Add(const Capture& effect) { captures_.Add(effect); }
  void Add(const Replace& effect) { replaces_.Add(effect); }
  void Add(const RecoverReplace& effect) { recovers_.Add(effect); }
  void Add(const Settle& effect) { settles_.Add(effect); }
  void Add(const PlaceCopy& effect) { places_.Add(effect); }
  void Add(const RemoveCopy& effect) { removes_.Add(effect); }
  void Add(const MoveAside& effect) { asides_.Add(effect); }
  void Add(const DropStaged& effect) { drops_.Add(effect); }
  // Starts what may be started; to be called after Adds.
  void Pump();

  // Sizes of large files, as seen: capturing them needs no copy.
  void NoteSize(PathId path, const Stat& stat);

  // Takes a captured content into the tables.
  ContentId TakeContent(const CaptureResult& captured);
  // References to be forgotten once the present rows are durable.
  std::vector<StagedRef> TakeForgotten() { return std::exchange(forgotten_, {}); }
  void Forget(const StagedRef& ref) { forgotten_.push_back(ref); }

 private:
  void RunLooks();
  void RunCaptures();
  std::size_t RemovableParents(PathId path) const;
  void RunReplaces();
  void RunRecovers();
  void RunSettles();
  void RunPlaces();
  void RunRemoves();
  void RunAsides();
  void RunDrops();
  void OnCaptured(const Capture& effect, const CaptureResult& result);
  std::vector<std::uint64_t> KeptTmpNumbers() const;
  void AnswerRootMissing();

  HostParts& parts_;
  std::function<void()> root_opened_;
  bool swept_ = false;
  std::unordered_map<std::uint32_t, std::uint64_t> large_sizes_;
  std::vector<StagedRef> forgotten_;
  Lane<Look> looks_{2};
  Lane<Capture> captures_{2};
  Lane<Replace> replaces_{2};
  Lane<RecoverReplace> recovers_{2};
  Lane<Settle> settles_{2};
  Lane<PlaceCopy> places_{1};
  Lane<RemoveCopy> removes_{1};
  Lane<MoveAside> asides_{1};
  Lane<DropStaged> drops_{1};
};

}  // namespace kinfolder

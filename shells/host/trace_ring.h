// TraceRing: what entered the core of one folder, recorded in the state directory: the last
// kSegments segments, each of which can be replayed on its own (core/trace).
//
// Never synced and never in the way: after an error it records nothing until the next start. One
// thread, the loop's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/agent/agent.h"
#include "core/base/result.h"
#include "shells/posix/fd.h"

namespace kinfolder {

class TraceRing {
 public:
  static constexpr int kSegments = 3;
  static constexpr std::uint64_t kSegmentBytes = 8 * 1024 * 1024;

  // The directory is made if it is missing. Null: there can't be a record, because it can't be
  // written to.
  static std::unique_ptr<TraceRing> Open(const std::string& directory, std::uint32_t folder);

  // Begins a segment; `state` is what the next Add goes on from.
  void Begin(const AgentState& state, std::uint64_t chain);
  // `state` and `chain` are after the step of `event`.
  void Add(const AgentState& state, const Event& event, std::uint64_t chain);
  void Flush();

  // Writes all segments to `fd`, oldest first, as one trace; returns the number of bytes.
  Result<std::uint64_t> Save(int fd);

 private:
  TraceRing(Fd directory, std::string prefix);
  std::string SegmentName(int age) const;  // 0: the one being written
  void Write(const std::string& bytes);

  Fd directory_;
  std::string prefix_;
  Fd file_;
  std::string buffer_;
  std::uint64_t written_ = 0;     // bytes of this segment, buffered ones too
  std::uint64_t checkpoint_ = 0;  // of these, the checkpoint's
};

}  // namespace kinfolder

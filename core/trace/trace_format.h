// The bytes of a recorded trace: framing only. What an event or a state looks like is agent.h's.
//
// A trace is a header and any number of segments. Each begins with a checkpoint (the whole state
// and the chain before the next step) and goes on with frames, one for each step: the event's bytes
// and the chain after the step. Everything is checksummed. Reading takes bytes from strangers: a
// damaged or truncated trace gives an error with an offset, and nothing is allocated for what it
// merely claims.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace kinfolder {

inline constexpr std::string_view kTraceMagic{"kftrace\x03", 8};  // the last byte is the version
inline constexpr std::size_t kMaxTraceItemBytes = 1u << 30;

std::string TraceHeader();
// REQUIRES: at most kMaxTraceItemBytes.
std::string TraceCheckpoint(std::string_view state, std::uint64_t chain);
std::string TraceFrame(std::string_view event, std::uint64_t chain);

struct TraceItem {
  bool checkpoint = false;
  std::uint64_t chain = 0;
  std::string_view bytes;  // a view into the trace
  std::size_t offset = 0;  // of the item in the trace
};

class TraceReader {
 public:
  // `trace` must outlive the reader. kInvalid: it is no trace; kVersion: of a newer program.
  static Result<TraceReader> Open(std::string_view trace);

  // nullopt at the end. kCorrupt: damaged or cut off, the text says where; the reader is at its
  // end then.
  Result<std::optional<TraceItem>> Next();
  std::size_t offset() const { return offset_; }

 private:
  explicit TraceReader(std::string_view trace) : trace_(trace), offset_(kTraceMagic.size()) {}
  Error Damaged(const char* what);

  std::string_view trace_;
  std::size_t offset_;
  bool any_checkpoint_ = false;
};

}  // namespace kinfolder

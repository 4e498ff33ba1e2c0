#include "core/trace/trace_format.h"

#include "core/base/check.h"

namespace kinfolder {

namespace {

constexpr char kCheckpointTag = 'C';
constexpr char kFrameTag = 'F';
constexpr std::size_t kItemHeaderBytes = 1 + 4 + 4 + 8;

// FNV-1a, folded: it finds damage, it does not prove who wrote it.
std::uint32_t Checksum(char tag, std::uint64_t chain, std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  const auto add = [&](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3u; };
  add(static_cast<unsigned char>(tag));
  for (int shift = 0; shift < 64; shift += 8) add(static_cast<unsigned char>(chain >> shift));
  for (const char byte : bytes) add(static_cast<unsigned char>(byte));
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

void Append(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

std::uint64_t Read(std::string_view in, int bytes) {
  std::uint64_t value = 0;
  for (int i = bytes; i-- > 0;)
    value = (value << 8) | static_cast<unsigned char>(in[static_cast<std::size_t>(i)]);
  return value;
}

std::string Item(char tag, std::string_view bytes, std::uint64_t chain) {
  CHECK(bytes.size() <= kMaxTraceItemBytes);
  std::string out;
  out.reserve(kItemHeaderBytes + bytes.size());
  out.push_back(tag);
  Append(out, bytes.size(), 4);
  Append(out, Checksum(tag, chain, bytes), 4);
  Append(out, chain, 8);
  out.append(bytes);
  return out;
}

}  // namespace

std::string TraceHeader() { return std::string(kTraceMagic); }

std::string TraceCheckpoint(std::string_view state, std::uint64_t chain) {
  return Item(kCheckpointTag, state, chain);
}

std::string TraceFrame(std::string_view event, std::uint64_t chain) {
  return Item(kFrameTag, event, chain);
}

Result<TraceReader> TraceReader::Open(std::string_view trace) {
  const std::size_t name = kTraceMagic.size() - 1;
  if (trace.size() < kTraceMagic.size() || trace.substr(0, name) != kTraceMagic.substr(0, name))
    return MakeError(ErrorKind::kInvalid, "this is no trace; give a file that `trace save` wrote");
  if (trace[name] != kTraceMagic[name])
    return MakeError(ErrorKind::kVersion,
                     "this trace is of another version of the program; replay it with that one");
  return TraceReader(trace);
}

Error TraceReader::Damaged(const char* what) {
  Error error =
      MakeError(ErrorKind::kCorrupt, "the trace is damaged at byte " + std::to_string(offset_) +
                                         ": " + what + "; what is before that can be used");
  offset_ = trace_.size();
  return error;
}

Result<std::optional<TraceItem>> TraceReader::Next() {
  const std::string_view left = trace_.substr(offset_);
  if (left.empty()) return std::optional<TraceItem>();
  if (left.size() < kItemHeaderBytes) return Damaged("it is cut off");
  TraceItem item;
  item.offset = offset_;
  const char tag = left[0];
  if (tag != kCheckpointTag && tag != kFrameTag) return Damaged("neither checkpoint nor step");
  item.checkpoint = tag == kCheckpointTag;
  const std::uint64_t size = Read(left.substr(1), 4);
  const std::uint64_t checksum = Read(left.substr(5), 4);
  item.chain = Read(left.substr(9), 8);
  if (size > kMaxTraceItemBytes) return Damaged("an impossible length");
  if (size > left.size() - kItemHeaderBytes) return Damaged("it is cut off");
  item.bytes = left.substr(kItemHeaderBytes, size);
  if (Checksum(tag, item.chain, item.bytes) != checksum) return Damaged("a wrong checksum");
  if (!item.checkpoint && !any_checkpoint_) return Damaged("a step before the first checkpoint");
  any_checkpoint_ = true;
  offset_ += kItemHeaderBytes + size;
  return std::optional<TraceItem>(item);
}

}  // namespace kinfolder

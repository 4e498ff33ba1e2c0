#include "shells/store/directory_log.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "core/base/check.h"
#include "shells/grid/encoding.h"
#include "shells/grid/hash.h"
#include "shells/grid/keys.h"
#include "shells/store/file_io.h"

namespace kinfolder {
namespace {

constexpr std::string_view kMagic = "kfdlog1\n";
constexpr std::size_t kGenerationBytes = 16;
constexpr std::size_t kCheckBytes = 8;
constexpr std::size_t kLogHeaderBytes = 8 + kGenerationBytes + kCheckBytes;
constexpr std::size_t kRecordHeaderBytes = 4 + 8 + kCheckBytes;
constexpr std::size_t kWindowBytes = 256 * 1024;

Error Corrupt() {
  return MakeError(ErrorKind::kCorrupt,
                   "a directory in the store is damaged; check its disk and restore a backup");
}

template <class Number>
void AppendNumber(Number number, std::string& out) {
  for (std::size_t i = 0; i < sizeof number; ++i) {
    out.push_back(static_cast<char>(number >> (8 * i) & 0xff));
  }
}

// Takes the number from the front; false when there are too few bytes.
template <class Number>
bool TakeNumber(std::string_view& bytes, Number& number) {
  if (bytes.size() < sizeof number) return false;
  number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) {
    number |=
        static_cast<Number>(static_cast<Number>(static_cast<unsigned char>(bytes[i])) << (8 * i));
  }
  bytes.remove_prefix(sizeof number);
  return true;
}

bool TakeBytes(std::string_view& bytes, std::size_t count, std::string& taken) {
  if (bytes.size() < count) return false;
  taken = bytes.substr(0, count);
  bytes.remove_prefix(count);
  return true;
}

std::string CheckOf(std::string_view bytes) {
  return std::string(DigestBytes(Sha256Of(bytes)).substr(0, kCheckBytes));
}

// Length and sequence number with the check that binds them to this place of this log.
std::string RecordHeader(std::uint32_t length, const LogPosition& before) {
  std::string header;
  AppendNumber(length, header);
  AppendNumber(before.sequence + 1, header);
  std::string checked = before.generation + header;
  AppendNumber(before.offset, checked);
  return header + CheckOf(checked);
}

std::string PayloadCheck(std::string_view header, std::string_view payload) {
  Sha256 hasher;
  hasher.Update(header);
  hasher.Update(payload);
  return std::string(DigestBytes(hasher.Finish()).substr(0, kCheckBytes));
}

// Reads a file onwards through a window.
class Window {
 public:
  Window(int fd, std::uint64_t offset) : fd_(fd), base_(offset) {}

  // The next `count` bytes without moving on; fewer only at the end of the file. Valid until the
  // next call.
  Result<std::string_view> Peek(std::size_t count) {
    if (bytes_.size() - at_ < count) {
      bytes_.erase(0, at_);
      base_ += at_;
      at_ = 0;
      const std::size_t missing = std::max(count, kWindowBytes) - bytes_.size();
      const auto more = ReadAt(fd_, base_ + bytes_.size(), missing);
      if (!more.ok()) return more.error();
      bytes_ += more.value();
    }
    return std::string_view(bytes_).substr(at_, count);
  }

  void Skip(std::size_t count) {
    at_ += count;
    CHECK(at_ <= bytes_.size());
  }

 private:
  const int fd_;
  std::uint64_t base_;  // Where in the file `bytes_` begins.
  std::string bytes_;
  std::size_t at_ = 0;
};

bool DecodeEntries(std::string_view payload, std::vector<DirectoryChange>& entries) {
  std::uint32_t count;
  if (!TakeNumber(payload, count)) return false;
  for (; count > 0; --count) {
    DirectoryChange entry;
    std::uint32_t size;
    std::uint8_t present;
    if (!TakeNumber(payload, size) || !TakeBytes(payload, size, entry.name)) return false;
    if (!TakeNumber(payload, present) || present > 1) return false;
    if (present == 1) {
      if (!TakeNumber(payload, size) || !TakeBytes(payload, size, entry.cap.emplace()))
        return false;
    }
    entries.push_back(std::move(entry));
  }
  return payload.empty();
}

std::string EncodeEntries(const std::vector<DirectoryChange>& entries) {
  std::string payload;
  AppendNumber(static_cast<std::uint32_t>(entries.size()), payload);
  for (const DirectoryChange& entry : entries) {
    AppendNumber(static_cast<std::uint32_t>(entry.name.size()), payload);
    payload += entry.name;
    payload.push_back(entry.cap.has_value() ? '\1' : '\0');
    if (!entry.cap.has_value()) continue;
    AppendNumber(static_cast<std::uint32_t>(entry.cap->size()), payload);
    payload += *entry.cap;
  }
  return payload;
}

enum class Found { kRecord, kEnd, kTorn };

// A record that was written whole has a payload and a check, which are not zeros.
Result<bool> OnlyZerosFollow(Window& window) {
  for (;;) {
    const auto peeked = window.Peek(kWindowBytes);
    if (!peeked.ok()) return peeked.error();
    const std::string_view bytes = peeked.value();
    if (bytes.empty()) return true;
    if (bytes.find_first_not_of('\0') != std::string_view::npos) return false;
    window.Skip(bytes.size());
  }
}

// One record, if there is one at `position`, which moves behind it.
Result<Found> ReadRecord(Window& window, LogPosition& position,
                         std::vector<DirectoryChange>* entries) {
  const auto peeked = window.Peek(kRecordHeaderBytes);
  if (!peeked.ok()) return peeked.error();
  if (peeked.value().empty()) return Found::kEnd;
  if (peeked.value().size() < kRecordHeaderBytes) return Found::kTorn;
  const std::string header(peeked.value());
  if (header.find_first_not_of('\0') == std::string::npos) return Found::kTorn;
  std::string_view rest = header;
  std::uint32_t length;
  CHECK(TakeNumber(rest, length));
  if (header != RecordHeader(length, position) || length > kMaxRecordPayload) {
    window.Skip(kRecordHeaderBytes);
    const auto zeros = OnlyZerosFollow(window);
    if (!zeros.ok()) return zeros.error();
    if (zeros.value()) return Found::kTorn;
    return Corrupt();
  }
  const std::size_t size = kRecordHeaderBytes + length + kCheckBytes;
  const auto all = window.Peek(size + 1);  // One more, to see whether it is the last.
  if (!all.ok()) return all.error();
  if (all.value().size() < size) return Found::kTorn;
  const std::string_view payload = all.value().substr(kRecordHeaderBytes, length);
  const std::string_view check = all.value().substr(kRecordHeaderBytes + length, kCheckBytes);
  if (check != PayloadCheck(header, payload)) {
    if (all.value().size() == size) return Found::kTorn;
    return Corrupt();
  }
  if (entries != nullptr && !DecodeEntries(payload, *entries)) return Corrupt();
  position.offset += size;
  position.sequence += 1;
  position.check = check;
  window.Skip(size);
  return Found::kRecord;
}

}  // namespace

std::string FormatVersion(const LogPosition& position) {
  return HexEncode(position.generation) + "." + std::to_string(position.offset) + "." +
         std::to_string(position.sequence) + "." + HexEncode(position.check);
}

std::optional<LogPosition> ParseVersion(const std::string& version) {
  std::vector<std::string> fields(1);
  for (char c : version) {
    if (c == '.') {
      fields.emplace_back();
    } else {
      fields.back().push_back(c);
    }
  }
  if (fields.size() != 4) return std::nullopt;
  const auto generation = HexDecode(fields[0]);
  const auto check = HexDecode(fields[3]);
  LogPosition position;
  for (auto [text, number] :
       {std::pair{&fields[1], &position.offset}, std::pair{&fields[2], &position.sequence}}) {
    const char* end = text->data() + text->size();
    const auto result = std::from_chars(text->data(), end, *number);
    if (result.ec != std::errc() || result.ptr != end || text->empty()) return std::nullopt;
  }
  if (!generation.ok() || !check.ok()) return std::nullopt;
  if (generation.value().size() != kGenerationBytes || check.value().size() != kCheckBytes) {
    return std::nullopt;
  }
  if (position.offset < kLogHeaderBytes || position.offset > (std::uint64_t{1} << 62)) {
    return std::nullopt;
  }
  position.generation = generation.value();
  position.check = check.value();
  return position;
}

std::string NewLog(LogPosition& position) {
  position.generation = RandomBytes(kGenerationBytes);
  position.offset = kLogHeaderBytes;
  position.sequence = 0;
  const std::string start = std::string(kMagic) + position.generation;
  position.check = CheckOf(start);
  return start + position.check;
}

Result<LogPosition> StartOfLog(int fd) {
  const auto header = ReadAt(fd, 0, kLogHeaderBytes);
  if (!header.ok()) return header.error();
  const std::string& bytes = header.value();
  if (bytes.size() != kLogHeaderBytes || !bytes.starts_with(kMagic)) return Corrupt();
  LogPosition position;
  position.generation = bytes.substr(kMagic.size(), kGenerationBytes);
  position.offset = kLogHeaderBytes;
  position.check = bytes.substr(kLogHeaderBytes - kCheckBytes);
  if (position.check != CheckOf(bytes.substr(0, kLogHeaderBytes - kCheckBytes))) return Corrupt();
  return position;
}

Result<bool> HasPosition(int fd, const LogPosition& position) {
  const auto start = StartOfLog(fd);
  if (!start.ok()) return start.error();
  if (start.value().generation != position.generation) return false;
  const auto before = ReadAt(fd, position.offset - kCheckBytes, kCheckBytes);
  if (!before.ok()) return before.error();
  return before.value() == position.check;
}

Result<bool> ReadRecords(int fd, LogPosition& position, std::vector<DirectoryChange>* entries) {
  Window window(fd, position.offset);
  for (;;) {
    const auto found = ReadRecord(window, position, entries);
    if (!found.ok()) return found.error();
    if (found.value() != Found::kRecord) return found.value() == Found::kEnd;
  }
}

Status CheckEntries(const std::vector<DirectoryChange>& entries) {
  for (const DirectoryChange& entry : entries) {
    if (entry.name.empty() || entry.name.size() > kMaxEntryName) {
      return MakeError(ErrorKind::kInvalid, "a name is empty or too long for a directory");
    }
    if (entry.cap.has_value() && (entry.cap->empty() || entry.cap->size() > kMaxEntryCap)) {
      return MakeError(ErrorKind::kInvalid, "a capability is empty or too long for a directory");
    }
  }
  return {};
}

Status AppendRecord(const std::vector<DirectoryChange>& entries, LogPosition& position,
                    std::string& out) {
  const std::string payload = EncodeEntries(entries);
  if (payload.size() > kMaxRecordPayload) {
    return MakeError(ErrorKind::kTooLarge, "too many entries for one change of a directory");
  }
  const std::string header = RecordHeader(static_cast<std::uint32_t>(payload.size()), position);
  position.check = PayloadCheck(header, payload);
  position.offset += header.size() + payload.size() + kCheckBytes;
  position.sequence += 1;
  out += header;
  out += payload;
  out += position.check;
  return {};
}

std::vector<DirectoryChange> Collapse(std::vector<DirectoryChange> entries, bool keep_removals) {
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.name < b.name; });
  std::vector<DirectoryChange> last;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i + 1 < entries.size() && entries[i + 1].name == entries[i].name) continue;
    if (entries[i].cap.has_value() || keep_removals) last.push_back(std::move(entries[i]));
  }
  return last;
}

}  // namespace kinfolder

#include "shells/store/pack.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>

#include "shells/grid/encoding.h"
#include "shells/grid/keys.h"

namespace kinfolder {
namespace {

constexpr std::string_view kObjectPrefix = "kf1:";
constexpr std::string_view kDirectoryPrefix = "kf1-dir:";
constexpr std::size_t kPackIdCharacters = 32;
constexpr std::uint64_t kMaxPackBytes = std::uint64_t{1} << 62;
constexpr std::size_t kMaxOpenPacks = 64;
constexpr std::size_t kPieceBytes = 1024 * 1024;

Error BadCap() {
  return MakeError(ErrorKind::kInvalid, "the capability is not one of this store's");
}

// The text up to the next ':', which is taken away with it.
std::string_view TakeField(std::string_view& text) {
  const std::size_t end = std::min(text.find(':'), text.size());
  const std::string_view field = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return field;
}

bool ParseNumber(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number <= kMaxPackBytes;
}

Error Corrupt() {
  return MakeError(ErrorKind::kCorrupt,
                   "an object in the store is damaged; check its disk and restore a backup");
}

}  // namespace

Cap FormatPackCap(const PackCap& cap) {
  std::string text(cap.directory ? kDirectoryPrefix : kObjectPrefix);
  text += cap.pack_id;
  text += ':';
  text += std::to_string(cap.offset);
  text += ':';
  text += std::to_string(cap.length);
  text += ':';
  return text + Base32Encode(DigestBytes(cap.sha256));
}

Result<PackCap> ParsePackCap(const Cap& cap) {
  PackCap parsed;
  std::string_view rest = cap;
  parsed.directory = rest.starts_with(kDirectoryPrefix);
  if (!parsed.directory && !rest.starts_with(kObjectPrefix)) return BadCap();
  rest.remove_prefix(parsed.directory ? kDirectoryPrefix.size() : kObjectPrefix.size());
  parsed.pack_id = TakeField(rest);
  if (parsed.pack_id.size() != kPackIdCharacters || !HexDecode(parsed.pack_id).ok()) {
    return BadCap();
  }
  if (!ParseNumber(TakeField(rest), parsed.offset)) return BadCap();
  if (!ParseNumber(TakeField(rest), parsed.length)) return BadCap();
  const auto raw = Base32Decode(rest);
  if (!raw.ok()) return BadCap();
  const auto digest = DigestFromBytes(raw.value());
  if (!digest.ok()) return BadCap();
  parsed.sha256 = digest.value();
  if (FormatPackCap(parsed) != cap) return BadCap();  // One text only for each object.
  return parsed;
}

std::string NewPackId() { return HexEncode(RandomBytes(kPackIdCharacters / 2)); }

std::string PackDirectory(const std::string& pack_id) { return "packs/" + pack_id.substr(0, 2); }

std::string PackPath(const std::string& pack_id) { return PackDirectory(pack_id) + "/" + pack_id; }

Result<std::shared_ptr<const PackReader::OpenPack>> PackReader::Find(const RootHandle& root,
                                                                     const std::string& pack_id) {
  const std::lock_guard lock(mutex_);
  if (epoch_ != root.epoch) {
    by_id_.clear();
    recent_.clear();
    epoch_ = root.epoch;
  }
  if (const auto found = by_id_.find(pack_id); found != by_id_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second);
    return found->second->second;
  }
  auto pack = std::make_shared<OpenPack>();
  pack->fd = OpenAt(root.fd.get(), PackPath(pack_id), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!pack->fd.valid()) return StoreErrno(errno, "can't open an object of the store");
  const auto size = FileSize(pack->fd.get());
  if (!size.ok()) return size.error();
  pack->size = size.value();
  recent_.emplace_front(pack_id, std::move(pack));
  by_id_[pack_id] = recent_.begin();
  if (recent_.size() > kMaxOpenPacks) {
    by_id_.erase(recent_.back().first);
    recent_.pop_back();
  }
  return recent_.front().second;
}

Status PackReader::Read(const RootHandle& root, const PackCap& cap, const ContentSink& sink) {
  const auto found = Find(root, cap.pack_id);
  if (!found.ok()) return found.error();
  const OpenPack& pack = *found.value();
  if (cap.offset > pack.size || cap.length > pack.size - cap.offset) return Corrupt();
  Sha256 hasher;
  std::uint64_t done = 0;
  // Not zeroed: it is overwritten.
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(cap.length, kPieceBytes));
  const auto buffer = std::make_unique_for_overwrite<char[]>(size);
  do {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(cap.length - done, size));
    const auto got = ReadInto(pack.fd.get(), cap.offset + done, {buffer.get(), want});
    if (!got.ok()) return got.error();
    if (got.value() != want) return Corrupt();
    const std::string_view piece(buffer.get(), want);
    hasher.Update(piece);
    done += want;
    // The last piece is handed out only when all is known to be right.
    if (done == cap.length && hasher.Finish() != cap.sha256) return Corrupt();
    if (Status status = sink(piece); !status.ok()) return status;
  } while (done < cap.length);
  return {};
}

}  // namespace kinfolder

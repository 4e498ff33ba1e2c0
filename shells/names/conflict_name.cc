#include "shells/names/conflict_name.h"

#include "core/base/check.h"
#include "shells/names/component.h"

namespace kinfolder {
namespace {

constexpr std::string_view kMark = ".conflict-";
constexpr char kHexDigits[] = "0123456789ABCDEF";

bool IsPlain(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

// 32-bit FNV-1a: two escaped names that are cut must not meet by accident.
std::uint32_t ShortHash(std::string_view bytes) {
  std::uint32_t hash = 2166136261u;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

std::string Escaped(std::string_view participant) {
  std::string escaped;
  for (const char c : participant) {
    if (IsPlain(c)) {
      escaped += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      escaped += {'%', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
    }
  }
  if (escaped.size() <= kMaxParticipantBytes) return escaped;
  std::size_t end = kMaxParticipantBytes - 9;
  // Not within a "%XX".
  if (escaped[end - 1] == '%')
    end -= 1;
  else if (escaped[end - 2] == '%')
    end -= 2;
  escaped.resize(end);
  escaped += '%';
  for (int shift = 28; shift >= 0; shift -= 4) {
    escaped += kHexDigits[ShortHash(participant) >> shift & 15];
  }
  return escaped;
}

// The longest start of `text` (UTF-8) of at most `limit` bytes that ends between two characters.
std::string_view CutAtCharacter(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

// The value of a plain decimal number from 2 to 999999, else 0.
std::uint32_t AttemptOf(std::string_view digits) {
  if (digits.empty() || digits.size() > 6 || digits[0] == '0') return 0;
  std::uint32_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return 0;
    value = value * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return value >= 2 ? value : 0;
}

}  // namespace

std::string ParticipantForFileName(std::string_view participant) {
  if (participant.size() <= kMaxParticipantBytes && IsLegalComponent(participant) &&
      IsNfc(participant)) {
    return std::string(participant);
  }
  // "." and ".." are plain bytes, and legal within a longer name. The empty name needs something.
  return participant.empty() ? "%" : Escaped(participant);
}

std::string ConflictCopyName(std::string_view wire_path, std::string_view participant,
                             std::uint32_t attempt) {
  CHECK(attempt >= 1 && !wire_path.empty());
  std::string tail = std::string(kMark) + ParticipantForFileName(participant);
  if (attempt > 1) tail += "-" + std::to_string(attempt);
  const std::size_t slash = wire_path.rfind('/');
  const std::size_t name_at = slash == std::string_view::npos ? 0 : slash + 1;
  const std::string_view name =
      CutAtCharacter(wire_path.substr(name_at), kMaxDiskComponentBytes - tail.size());
  return std::string(wire_path.substr(0, name_at)).append(name).append(tail);
}

std::optional<ConflictCopyParts> ParseConflictCopyName(std::string_view component) {
  const std::size_t mark = component.rfind(kMark);
  if (mark == std::string_view::npos || mark == 0) return std::nullopt;
  std::string_view participant = component.substr(mark + kMark.size());
  if (participant.empty()) return std::nullopt;
  ConflictCopyParts parts;
  const std::size_t dash = participant.rfind('-');
  if (dash != std::string_view::npos && dash > 0) {
    const std::uint32_t attempt = AttemptOf(participant.substr(dash + 1));
    if (attempt != 0) {
      parts.attempt = attempt;
      participant = participant.substr(0, dash);
    }
  }
  if (participant.size() > kMaxParticipantBytes) return std::nullopt;
  parts.base = component.substr(0, mark);
  parts.participant = participant;
  return parts;
}

}  // namespace kinfolder

#include "shells/setup/folder_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <limits>
#include <optional>
#include <utility>

#include "shells/setup/option_list.h"

namespace kinfolder {
namespace {

constexpr std::array<OptionHelp, 9> kOptions = {{
    {"poll-interval", "60s", "how often the others' changes are looked for"},
    {"scan-interval", "3600s", "how often all files are looked at; 0: never by itself"},
    {"watch", "on", "on or off: notice changes of files at once"},
    {"history", "all", "all: keep every version; latest: only what is newest when it is sent"},
    {"max-deletes-percent", "50", "more deletes than this share are held (with the next)"},
    {"max-deletes-files", "20", "and more deletes than this many files"},
    {"ignore", "", "patterns of names that are not synchronised, separated by spaces"},
    {"bandwidth", "off", "bytes a second for the store, like 2M; off: no limit"},
    {"min-free", "1% or 500M",
     "stop taking in when the disk has less free: bytes, or a share like 1%"},
}};

constexpr std::int64_t kMaxSeconds = std::int64_t{10} * 366 * 24 * 3600;

Error Wrong(std::string_view value, std::string_view wanted) {
  return MakeError(ErrorKind::kInvalid,
                   "'" + std::string(value) + "' is not " + std::string(wanted));
}

// A whole number and the rest of the text.
std::optional<std::pair<std::uint64_t, std::string_view>> LeadingNumber(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return std::pair(number, text.substr(static_cast<std::size_t>(end - text.data())));
}

Result<std::uint64_t> Scaled(
    std::string_view text, std::initializer_list<std::pair<std::string_view, std::uint64_t>> units,
    std::uint64_t max, std::string_view wanted) {
  const auto parsed = LeadingNumber(text);
  if (!parsed) return Wrong(text, wanted);
  for (const auto& [unit, factor] : units) {
    if (parsed->second != unit) continue;
    if (parsed->first > max / factor) return Wrong(text, wanted);
    return parsed->first * factor;
  }
  return Wrong(text, wanted);
}

Result<std::uint64_t> ParseBytes(std::string_view text) {
  return Scaled(text,
                {{"", 1},
                 {"B", 1},
                 {"K", 1'000},
                 {"KB", 1'000},
                 {"M", 1'000'000},
                 {"MB", 1'000'000},
                 {"G", 1'000'000'000},
                 {"GB", 1'000'000'000}},
                std::uint64_t{1} << 60, "a number of bytes (500000, 500K, 20M, 1G)");
}

Result<bool> ParseSwitch(std::string_view text) {
  if (text == "on" || text == "true" || text == "yes") return true;
  if (text == "off" || text == "false" || text == "no") return false;
  return Wrong(text, "on or off");
}

Result<std::uint32_t> ParseCount(std::string_view text, std::uint32_t max,
                                 std::string_view wanted) {
  const Result<std::uint64_t> number = Scaled(text, {{"", 1}, {"%", 1}}, max, wanted);
  if (!number.ok()) return number.error();
  return static_cast<std::uint32_t>(number.value());
}

Status SetInterval(std::string_view value, std::int64_t least_s, std::int64_t& into_ms) {
  const Result<std::int64_t> seconds = ParseDuration(value);
  if (!seconds.ok()) return seconds.error();
  if (seconds.value() < least_s) return Wrong(value, "long enough (1s at least)");
  into_ms = seconds.value() * 1000;
  return Status();
}

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

Status SetMinFree(std::string_view value, FolderOptions& options) {
  if (value.ends_with('%')) {
    const Result<std::uint32_t> percent = ParseCount(value, 99, "a share from 0% to 99%");
    if (!percent.ok()) return percent.error();
    options.min_free_percent = percent.value();
    options.min_free_bytes = 0;
    return Status();
  }
  const Result<std::uint64_t> bytes = ParseBytes(value);
  if (!bytes.ok()) return bytes.error();
  options.min_free_bytes = bytes.value();
  options.min_free_percent = 0;
  return Status();
}

template <class Value, class Field>
Status Keep(const Result<Value>& parsed, Field& into) {
  if (!parsed.ok()) return parsed.error();
  into = parsed.value();
  return Status();
}

Status SetOption(const std::string& name, const std::string& value, FolderOptions& options) {
  FolderConfig& core = options.core;
  if (name == "poll-interval") return SetInterval(value, 1, core.poll_interval_ms);
  if (name == "scan-interval") return SetInterval(value, 0, core.scan_interval_ms);
  if (name == "watch") return Keep(ParseSwitch(value), options.watch);
  if (name == "history") {
    if (value != "all" && value != "latest") return Wrong(value, "all or latest");
    core.history_all = value == "all";
    return Status();
  }
  if (name == "max-deletes-percent") {
    return Keep(ParseCount(value, 100, "a share from 0 to 100"), core.max_deletes_percent);
  }
  if (name == "max-deletes-files") {
    return Keep(ParseCount(value, std::numeric_limits<std::uint32_t>::max(), "a number of files"),
                core.max_deletes_files);
  }
  if (name == "ignore") {
    options.ignore = Words(value);
    return Status();
  }
  if (name == "bandwidth") {
    return value == "off" ? Keep(Result<std::uint64_t>(0), options.bandwidth)
                          : Keep(ParseBytes(value), options.bandwidth);
  }
  if (name == "min-free") return SetMinFree(value, options);
  std::string known;
  for (const OptionHelp& option : OptionList()) {
    known += (known.empty() ? "" : ", ") + std::string(option.name);
  }
  return MakeError(ErrorKind::kInvalid, "there is no option '" + name + "'; there are: " + known);
}

}  // namespace

std::span<const OptionHelp> OptionList() { return kOptions; }

Status CheckOption(const std::string& name, const std::string& value) {
  FolderOptions scratch;
  const Status set = SetOption(name, value, scratch);
  if (set.ok()) return set;
  if (set.error().text.starts_with("there is no option")) return set;
  return MakeError(ErrorKind::kInvalid, set.error().text + "; see `kinfolder config get`");
}

Result<FolderOptions> ParseOptions(const std::map<std::string, std::string>& set) {
  FolderOptions options;
  for (const auto& [name, value] : set) {
    const Status done = SetOption(name, value, options);
    if (!done.ok()) return MakeError(ErrorKind::kInvalid, name + ": " + done.error().text);
  }
  return options;
}

Result<std::int64_t> ParseDuration(std::string_view text) {
  const Result<std::uint64_t> seconds =
      Scaled(text, {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 24 * 3600}, {"w", 7 * 86400}},
             kMaxSeconds, "a length of time (90s, 15m, 1h, 7d)");
  if (!seconds.ok()) return seconds.error();
  return static_cast<std::int64_t>(seconds.value());
}

}  // namespace kinfolder

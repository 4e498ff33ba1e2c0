#include "shells/cli/status_text.h"

#include <string_view>

#include "shells/cli/command_line.h"
#include "shells/cli/format.h"

namespace kinfolder {
namespace {

using nlohmann::json;

constexpr std::size_t kMostListed = 20;

std::string_view ColourOf(const std::string& state) {
  if (state == "in-sync") return "32";
  if (state == "blocked" || state == "offline") return "31";
  return "33";
}

json Member(const json& object, const char* name) {
  return object.is_object() && object.contains(name) ? object[name] : json();
}

std::string Amount(const json& folder) {
  return Count(static_cast<std::uint64_t>(NumberOf(folder, "files")), "file", "files") + ", " +
         HumanBytes(static_cast<std::uint64_t>(NumberOf(folder, "bytes")));
}

std::string ProgressText(const json& folder) {
  const json progress = Member(folder, "progress");
  const std::int64_t total = NumberOf(progress, "files_total");
  const std::int64_t done = NumberOf(progress, "files_done");
  if (total <= 0 || done >= total) return "";
  return "  " + std::to_string(done) + " of " + std::to_string(total) + " files, " +
         HumanBytes(static_cast<std::uint64_t>(NumberOf(progress, "bytes_done"))) + " of " +
         HumanBytes(static_cast<std::uint64_t>(NumberOf(progress, "bytes_total"))) + " done\n";
}

std::string Evidence(const json& folder, std::int64_t now_s) {
  std::string text = "  all files looked at " + Ago(TextOf(folder, "last_scan"), now_s) +
                     ", the store " + Ago(TextOf(folder, "last_poll"), now_s) + "\n";
  const std::string unpublished = TextOf(folder, "unpublished_since");
  if (!unpublished.empty())
    text += "  changes wait to be sent since " + Ago(unpublished, now_s) + "\n";
  const std::string rolled_back = TextOf(folder, "store_rolled_back");
  if (!rolled_back.empty())
    text += "  the store had lost what was published; that was sent again " +
            Ago(rolled_back, now_s) + "\n";
  return text;
}

// At most kMostListed of the list's members, each as `one` says.
template <class One>
std::string Listed(const std::string& title, const json& list, One one) {
  if (list.empty()) return "";
  std::string text = "  " + title + "\n";
  std::size_t count = 0;
  for (const json& each : list) {
    if (count++ == kMostListed) {
      return text + "    and " + std::to_string(list.size() - kMostListed) + " more\n";
    }
    text += one(each);
  }
  return text;
}

std::string FolderText(const json& folder, std::int64_t now_s) {
  const std::string state = TextOf(folder, "state");
  std::string text = Styled(TextOf(folder, "name")) + "  " + Styled(state, ColourOf(state)) + "  " +
                     Amount(folder) + "\n  " + TextOf(folder, "path") + " as " +
                     TextOf(folder, "participant") + ", store " + TextOf(folder, "store") + "\n";
  const std::string reason = TextOf(folder, "reason");
  if (!reason.empty() && reason != "none") text += "  " + Styled(reason, "31") + "\n";
  text += ProgressText(folder) + Evidence(folder, now_s);
  text += Listed("conflicts (see kinfolder resolve --help):", ListOf(folder, "conflicts"),
                 [](const json& conflict) {
                   return "    " + TextOf(conflict, "path") + "\n" + TheirsText(conflict, "      ");
                 });
  text += Listed("blocked:", ListOf(folder, "blocked"), [&](const json& blocked) {
    return "    " + TextOf(blocked, "path") + ": " + TextOf(blocked, "reason") + ", since " +
           Ago(TextOf(blocked, "since"), now_s) + "\n";
  });
  const json held = Member(folder, "held_deletes");
  const std::int64_t held_count =
      held.is_array() ? static_cast<std::int64_t>(held.size()) : NumberOf(folder, "held_deletes");
  if (held_count > 0) {
    text += "  " + std::to_string(held_count) + " deletes are held: see kinfolder deletes " +
            TextOf(folder, "name") + "\n";
  }
  return text;
}

}  // namespace

std::string TheirsText(const json& conflict, const std::string& indent) {
  std::string text;
  for (const json& theirs : ListOf(conflict, "theirs")) {
    const std::string copy = TextOf(theirs, "copy");
    text += indent + "ours stays; " + TextOf(theirs, "participant") + "'s is " +
            (copy.empty() ? "not here yet" : "in " + copy) + "\n";
  }
  return text;
}

std::string StatusText(const json& status, std::int64_t now_s) {
  std::string text;
  for (const json& folder : ListOf(status, "folders")) {
    text += (text.empty() ? "" : "\n") + FolderText(folder, now_s);
  }
  return text.empty() ? "No folders yet. See kinfolder create and kinfolder join.\n" : text;
}

std::string StatusLines(const json& status) {
  std::string text;
  for (const json& folder : ListOf(status, "folders")) {
    text += TextOf(folder, "name") + "  " + TextOf(folder, "state") + "  " + Amount(folder);
    const std::size_t conflicts = ListOf(folder, "conflicts").size();
    const std::size_t blocked = ListOf(folder, "blocked").size();
    if (conflicts > 0) text += ", " + Count(conflicts, "conflict", "conflicts");
    if (blocked > 0) text += ", " + Count(blocked, "path", "paths") + " blocked";
    text += "\n";
  }
  return text;
}

bool HasBlocked(const json& status) {
  for (const json& folder : ListOf(status, "folders")) {
    const std::string state = TextOf(folder, "state");
    if (!ListOf(folder, "blocked").empty() || state == "blocked" || state == "offline") return true;
  }
  return false;
}

}  // namespace kinfolder

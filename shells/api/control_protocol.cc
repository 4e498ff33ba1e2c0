#include "shells/api/control_protocol.h"

#include <array>
#include <utility>

namespace kinfolder {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<ErrorKind, std::string_view>, 13> kKindNames = {{
    {ErrorKind::kInvalid, "invalid"},
    {ErrorKind::kNotFound, "not-found"},
    {ErrorKind::kExists, "exists"},
    {ErrorKind::kChanged, "changed"},
    {ErrorKind::kPermission, "permission"},
    {ErrorKind::kNoSpace, "no-space"},
    {ErrorKind::kUnavailable, "unavailable"},
    {ErrorKind::kUnclear, "unclear"},
    {ErrorKind::kCorrupt, "corrupt"},
    {ErrorKind::kTooLarge, "too-large"},
    {ErrorKind::kIo, "io"},
    {ErrorKind::kVersion, "version"},
    {ErrorKind::kInternal, "internal"},
}};

std::string Line(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string TextOf(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

std::string_view ErrorKindName(ErrorKind kind) {
  for (const auto& [known, name] : kKindNames) {
    if (known == kind) return name;
  }
  return "internal";
}

ErrorKind ErrorKindOfName(std::string_view name) {
  for (const auto& [kind, known] : kKindNames) {
    if (known == name) return kind;
  }
  return ErrorKind::kInternal;
}

std::string RequestLine(const json& request) { return Line(request); }

std::string AnswerLine(const Result<json>& answer) {
  if (answer.ok()) return Line({{"ok", true}, {"result", answer.value()}});
  return Line(
      {{"ok", false},
       {"error", {{"kind", ErrorKindName(answer.error().kind)}, {"text", answer.error().text}}}});
}

std::string EndLine() { return Line({{"end", true}}); }

std::optional<Result<json>> ParseAnswerLine(std::string_view line) {
  json answer = json::parse(line, nullptr, false);
  const Error strange = MakeError(ErrorKind::kCorrupt,
                                  "the agent's answer can't be understood; use the same version of "
                                  "kinfolder as the running agent");
  if (!answer.is_object()) return strange;
  if (answer.contains("end")) return std::nullopt;
  const auto ok = answer.find("ok");
  if (ok == answer.end() || !ok->is_boolean()) return strange;
  if (ok->get<bool>()) {
    const auto result = answer.find("result");
    if (result == answer.end()) return strange;
    return Result<json>(std::move(*result));
  }
  const auto error = answer.find("error");
  if (error == answer.end() || !error->is_object()) return strange;
  return MakeError(ErrorKindOfName(TextOf(*error, "kind")), TextOf(*error, "text"));
}

}  // namespace kinfolder

// What goes over the control socket: lines of JSON.
//
// A request is one line, {"command": NAME, ...}; a file the agent is to read or write may come with
// it as a descriptor. The answer is {"ok": true, "result": ...} or {"ok": false, "error": {"kind",
// "text"}}. A stream is several of the former and {"end": true}.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace kinfolder {

inline constexpr std::size_t kMaxRequestBytes = 256 * 1024;

// "not-found" and the like; unknown names are kInternal.
std::string_view ErrorKindName(ErrorKind kind);
ErrorKind ErrorKindOfName(std::string_view name);

// Lines, with their LF. Text that is not UTF-8 is written with replacement characters.
std::string RequestLine(const nlohmann::json& request);
std::string AnswerLine(const Result<nlohmann::json>& answer);
std::string EndLine();

// The result in an answer's line, or its error; nullopt for the end of a stream. What is no answer
// at all is kCorrupt.
std::optional<Result<nlohmann::json>> ParseAnswerLine(std::string_view line);

}  // namespace kinfolder

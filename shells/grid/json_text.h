// The little that is needed to write JSON byte for byte, and to read it from strangers.
//
// Writing follows the layout magic-folder uses: ASCII only, `": "` and `", "` between. Reading
// bounds size and depth before the parser sees anything, and never throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace kinfolder {

inline constexpr int kMaxJsonDepth = 16;

// Appends `text` quoted. REQUIRES: valid UTF-8.
void AppendJsonString(std::string& out, std::string_view text);

// Appends `"name": `, after ", " unless `out` ends with an opening bracket.
void AppendJsonName(std::string& out, std::string_view name);

// kTooLarge above `max_bytes`; kInvalid for what is no JSON, nests deeper than `max_depth` or is no
// object at the top. `what` names it in the error.
Result<nlohmann::json> ParseJsonObject(std::string_view bytes, std::size_t max_bytes,
                                       const char* what, int max_depth = kMaxJsonDepth);

// The member of an object, or null when it is missing or of another type.
const std::string* JsonString(const nlohmann::json& object, const char* name);
const nlohmann::json* JsonObject(const nlohmann::json& object, const char* name);
const nlohmann::json* JsonArray(const nlohmann::json& object, const char* name);
std::optional<bool> JsonBool(const nlohmann::json& object, const char* name);
std::optional<std::uint64_t> JsonUnsigned(const nlohmann::json& object, const char* name);

// Also takes numbers with a fraction, rounded down, when they fit.
std::optional<std::int64_t> JsonInteger(const nlohmann::json& object, const char* name);

}  // namespace kinfolder

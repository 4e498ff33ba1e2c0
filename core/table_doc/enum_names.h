// The enumerators of an enum and their names, at compile time: kAllOf<PollPhase>,
// EnumName(PollPhase::kIdle) == "Idle" (the leading k of a constant's name is dropped).
//
// Reads them from the compiler (GCC and Clang), for enumerators of value 0 to 63; a larger one is
// not found. Not for values that only a shell knows.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace kinfolder {

namespace enum_names_internal {

inline constexpr std::size_t kLimit = 64;

// "kinfolder::PollPhase::kIdle"; "(kinfolder::PollPhase)9" when 9 has no name.
template <auto V>
constexpr std::string_view Spelled() {
  std::string_view s = __PRETTY_FUNCTION__;
  s.remove_prefix(s.find("V = ") + 4);
  return s.substr(0, s.find_first_of(";]"));
}

template <class Enum, Enum V>
constexpr bool IsNamed() {
  return Spelled<V>().front() != '(';
}

template <class Enum, std::size_t... I>
constexpr std::size_t Count(std::index_sequence<I...>) {
  return (std::size_t{0} + ... + std::size_t{IsNamed<Enum, static_cast<Enum>(I)>()});
}

}  // namespace enum_names_internal

// The last part of how V is written, without a constant's k: an enumerator or a pointer to member.
template <auto V>
constexpr std::string_view ShortName() {
  std::string_view s = enum_names_internal::Spelled<V>();
  if (const auto colons = s.rfind("::"); colons != s.npos) s.remove_prefix(colons + 2);
  while (s.ends_with(')')) s.remove_suffix(1);
  if (s.size() > 1 && s[0] == 'k' && s[1] >= 'A' && s[1] <= 'Z') s.remove_prefix(1);
  return s;
}

namespace enum_names_internal {

template <class Enum>
struct Entry {
  Enum value{};
  std::string_view name;
};

template <class Enum, std::size_t... I>
constexpr auto Collect(std::index_sequence<I...> all) {
  std::array<Entry<Enum>, Count<Enum>(all)> found{};
  std::size_t n = 0;
  const auto add = [&](bool named, Enum value, std::string_view name) {
    if (named) found[n++] = {value, name};
  };
  (add(IsNamed<Enum, static_cast<Enum>(I)>(), static_cast<Enum>(I),
       ShortName<static_cast<Enum>(I)>()),
   ...);
  return found;
}

template <class Enum>
inline constexpr auto kEntries = Collect<Enum>(std::make_index_sequence<kLimit>());

template <class Enum>
constexpr auto Values() {
  std::array<Enum, kEntries<Enum>.size()> values{};
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = kEntries<Enum>[i].value;
  return values;
}

}  // namespace enum_names_internal

// Every enumerator, by ascending value.
template <class Enum>
inline constexpr auto kAllOf = enum_names_internal::Values<Enum>();

// The name, or "?" for a value that has none.
template <class Enum>
constexpr std::string_view EnumName(Enum value) {
  for (const auto& entry : enum_names_internal::kEntries<Enum>) {
    if (entry.value == value) return entry.name;
  }
  return "?";
}

}  // namespace kinfolder

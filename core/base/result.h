// Result<T>: a value or an Error. For boundary failures (decoding, I/O in shells); what the world
// does to a folder arrives in the core as events instead.
//
//   Result<Snapshot> r = Decode(bytes);
//   if (!r.ok()) return r.error();
//   Use(r.value());
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "core/base/check.h"

namespace kinfolder {

// The kind is for decisions, the text for people ("what is wrong; what to do").
enum class ErrorKind : unsigned char {
  kInvalid = 1,      // the input is malformed or refused
  kNotFound = 2,     // certainly not there
  kExists = 3,       // the name is taken
  kChanged = 4,      // not what was expected (somebody changed it meanwhile)
  kPermission = 5,   // not allowed
  kNoSpace = 6,      // disk full or quota
  kUnavailable = 7,  // may work later (store down, busy, timed out before anything was sent)
  kUnclear = 8,      // may or may not have happened
  kCorrupt = 9,      // stored bytes are not what they claim to be
  kTooLarge = 10,    // beyond a stated limit
  kIo = 11,          // the device failed
  kVersion = 12,     // made by a newer version of the program
  kInternal = 13,
};

struct [[nodiscard]] Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string text;

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}      // NOLINT: implicit on purpose
  Result(Error error) : value_(std::move(error)) {}  // NOLINT

  bool ok() const { return std::holds_alternative<T>(value_); }
  const T& value() const& {
    CHECK(ok());
    return std::get<T>(value_);
  }
  T& value() & {
    CHECK(ok());
    return std::get<T>(value_);
  }
  T&& value() && {
    CHECK(ok());
    return std::get<T>(std::move(value_));
  }
  const Error& error() const {
    CHECK(!ok());
    return std::get<Error>(value_);
  }

 private:
  std::variant<T, Error> value_;
};

// A Result without a value.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)), failed_(true) {}  // NOLINT

  bool ok() const { return !failed_; }
  const Error& error() const {
    CHECK(failed_);
    return error_;
  }

 private:
  Error error_;
  bool failed_ = false;
};

inline Error MakeError(ErrorKind kind, std::string text) { return Error{kind, std::move(text)}; }

}  // namespace kinfolder

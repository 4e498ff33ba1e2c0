// Ed25519 keys of participants: one key pair per folder and machine.
//
// Signatures are detached (RFC 8032). A SigningKey wipes itself when it goes; its seed is the only
// thing to store, and must never be logged or sent. Safe from several threads.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace kinfolder {

struct PublicKey {
  std::array<std::uint8_t, 32> bytes = {};

  friend auto operator<=>(const PublicKey&, const PublicKey&) = default;
};

using Signature = std::array<std::uint8_t, 64>;

class SigningKey {
 public:
  static SigningKey Generate();
  static Result<SigningKey> FromSeed(std::string_view seed);  // kInvalid unless 32 bytes.

  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;
  ~SigningKey();

  std::string Seed() const;  // 32 bytes, secret.
  const PublicKey& public_key() const { return public_key_; }
  Signature Sign(std::string_view message) const;

 private:
  SigningKey() = default;
  void Expand(const std::uint8_t* seed);

  std::array<std::uint8_t, 64> secret_ = {};
  PublicKey public_key_;
};

bool VerifySignature(const PublicKey& key, std::string_view message, const Signature& signature);

// Standard base64 with padding: 44 characters for a key, 88 for a signature. kInvalid otherwise.
std::string PublicKeyToText(const PublicKey& key);
Result<PublicKey> PublicKeyFromText(std::string_view text);
std::string SignatureToText(const Signature& signature);
Result<Signature> SignatureFromText(std::string_view text);

// `count` bytes nobody can guess, for secrets and names.
std::string RandomBytes(std::size_t count);

}  // namespace kinfolder

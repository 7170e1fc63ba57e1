#include "gate/base/uuid.h"

#include <openssl/sha.h>

#include <array>
#include <cstdint>

#include "gate/base/encoding.h"

namespace gate {
namespace {

// 6ba7b811-9dad-11d1-80b4-00c04fd430c8
constexpr std::array<unsigned char, 16> kUrls = {0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1,
                                                 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};

}  // namespace

std::string UuidOf(std::string_view name) {
  std::string text(kUrls.begin(), kUrls.end());
  text += name;
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0FU) | 0x50U);  // version
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3FU) | 0x80U);  // variant
  const std::string hex = HexEncode(std::string(digest.begin(), digest.begin() + 16));
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

}  // namespace gate

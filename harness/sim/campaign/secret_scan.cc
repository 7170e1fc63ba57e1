#include "harness/sim/campaign/secret_scan.h"

#include <algorithm>

#include "gate/base/encoding.h"

namespace drill::sim {

void SecretScan::Add(std::string_view secret) {
  if (secret.size() < kShortest) return;
  needles_.emplace_back(secret);
  // Without its end, which depends on what follows. Only found at a multiple of three bytes, as the
  // data of a Secret is.
  std::string encoded = gate::Base64Encode(secret.substr(0, secret.size() - secret.size() % 3));
  needles_.push_back(std::move(encoded));
}

bool SecretScan::IsInText(std::string_view text) const {
  if (text.size() < kShortest) return false;
  return std::any_of(needles_.begin(), needles_.end(), [text](const std::string& needle) {
    return text.find(needle) != std::string_view::npos;
  });
}

bool SecretScan::IsInJson(const gate::Json& json) const {
  if (json.is_string()) return IsInText(json.get_ref<const std::string&>());
  if (json.is_object()) {
    const auto& members = json.get_ref<const gate::Json::object_t&>();
    return std::any_of(members.begin(), members.end(), [this](const auto& member) {
      return IsInText(member.first) || IsInJson(member.second);
    });
  }
  return json.is_array() && std::any_of(json.begin(), json.end(),
                                        [this](const gate::Json& each) { return IsInJson(each); });
}

std::string SecretPartOfPem(std::string_view pem) {
  // The last line of base64 before "-----END": of an Ed25519 key in PKCS #8 the only one.
  const std::size_t end = pem.find("\n-----END");
  if (end == std::string_view::npos) return "";
  const std::size_t begin = pem.rfind('\n', end - 1);
  if (begin == std::string_view::npos) return "";
  return std::string(pem.substr(begin + 1, end - begin - 1));
}

}  // namespace drill::sim

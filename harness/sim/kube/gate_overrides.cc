#include "harness/sim/kube/gate_overrides.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "harness/sim/kube/fields.h"

namespace drill::sim {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

constexpr std::string_view kLabel = "rollout-gate/rollout";

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kName = "abcdefghijklmnopqrstuvwxyz0123456789.-";
constexpr std::string_view kStage =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
constexpr std::string_view kAnything;  // but control characters

struct TextField {
  std::string_view name;
  std::size_t least;
  std::size_t most;  // characters
  std::string_view alphabet;
};
constexpr std::array<TextField, 6> kTextFields{{{"rollout", 1, 63, kName},
                                                {"releaseId", 1, 253, kAnything},
                                                {"stage", 1, 63, kStage},
                                                {"podHash", 1, 63, kLower},
                                                {"actor", 1, 256, kAnything},
                                                {"reason", 10, 500, kAnything}}};

Error Invalid(const Object& object, std::string_view field, std::string_view what) {
  return {ErrorCode::kInvalidArgument,
          fmt::format("GateOverride.rollout-gate.io \"{}\" is invalid: spec.{}: {}",
                      object.meta.name, field, what)};
}

// Of UTF-8: a byte that continues a character is none.
std::size_t Characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

// \p{Cc}: U+0000 to U+001F, U+007F to U+009F.
bool HasControls(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      return true;
    }
  }
  return false;
}

Result<void> CheckText(const Object& object, const TextField& field) {
  const Json& value = Member(SpecOf(object), field.name);
  if (value.is_null()) return Invalid(object, field.name, "Required value");
  if (!value.is_string()) return Invalid(object, field.name, "must be of type string");
  const auto& text = value.get_ref<const std::string&>();
  const std::size_t length = Characters(text);
  if (length < field.least) return Invalid(object, field.name, "Invalid value: too short");
  if (length > field.most) return Invalid(object, field.name, "Too long");
  const bool fits = field.alphabet.empty()
                        ? !HasControls(text)
                        : text.find_first_not_of(field.alphabet) == std::string::npos;
  if (!fits) return Invalid(object, field.name, "Invalid value: should match the pattern");
  return {};
}

}  // namespace

Result<void> CheckGateOverride(const Object* before, const Object& next) {
  const Json& spec = SpecOf(next);
  for (const TextField& field : kTextFields) {
    if (auto good = CheckText(next, field); !good) return good;
  }
  const Json& decision = Member(spec, "decision");
  if (decision != "approve" && decision != "reject") {
    return Invalid(next, "decision",
                   "Unsupported value: supported values: \"approve\", \"reject\"");
  }
  const Json& seconds = Member(spec, "validForSeconds");
  if (!seconds.is_number_integer() || seconds < 60 || seconds > 86400) {
    return Invalid(next, "validForSeconds", "Invalid value: should be from 60 to 86400");
  }
  const Json& over = Member(spec, "overRefusal");
  if (!over.is_null() && !over.is_boolean()) {
    return Invalid(next, "overRefusal", "must be of type boolean");
  }
  if (over == true && decision != "approve") {
    return Invalid(next, "overRefusal", "Invalid value: overRefusal goes with approve only");
  }
  if (before != nullptr && SpecOf(*before) != spec) {
    return Invalid(next, "", "Invalid value: an override is never changed");
  }
  return {};
}

Result<void> AdmitGateOverride(const std::string& username, const Object* before,
                               const Object& next) {
  const auto refuse = [&](const std::string& why) {
    return Error{
        ErrorCode::kPermissionDenied,
        fmt::format("gateoverrides.rollout-gate.io \"{}\" is forbidden: "
                    "ValidatingAdmissionPolicy 'rollout-gate-overrides' denied request: {}",
                    next.meta.name, why)};
  };
  if (before == nullptr && TextOf(SpecOf(next), "actor") != username) {
    return refuse("spec.actor must be " + username + ", who creates it");
  }
  if (next.meta.Label(kLabel) != TextOf(SpecOf(next), "rollout")) {
    return refuse("the label rollout-gate/rollout must be spec.rollout; the gate looks for it");
  }
  return {};
}

}  // namespace drill::sim

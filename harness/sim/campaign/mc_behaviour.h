#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/strict_json.h"

namespace drill::sim {

// One way for MC to answer. docs/mock-mc.md describes what is behind each.
enum class McAnswer : std::uint8_t {
  kGood,
  kRefused,
  kNone,  // 404
  kError500,
  kError503,
  kThrottled,  // 429 with Retry-After
  kUnauthorized,
  kHangs,
  kReset,
  kClosed,
  kSlow,
  kDripped,
  kWrongKey,
  kUnknownKey,
  kUnsigned,
  kTampered,
  kOtherRelease,
  kOtherStage,
  kOtherEnvironment,
  kExpired,
  kOld,
  kReplayed,
  kTruncated,
  kGarbage,
  kHtml,
  kDuplicateKeys,
  kNotUtf8,
};
inline constexpr std::size_t kMcAnswers = 27;

std::string_view NameOf(McAnswer answer);  // "good", "wrong-key"

struct McTurn {
  McAnswer answer = McAnswer::kGood;
  int times = 1;  // the last turn answers all further requests
  bool operator==(const McTurn&) const = default;
};

// What MC answers to requests about one stage, in turn.
struct McStage {
  std::string stage;
  std::vector<McTurn> turns;
  bool operator==(const McStage&) const = default;
};

// The `rules` of mock-mc's script that does this for `release`.
gate::Json McRules(const std::string& release, std::span<const McStage> stages);

// "20: reset 3x, good", for people.
std::string Describe(const McStage& stage);

}  // namespace drill::sim

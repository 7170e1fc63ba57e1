#include "mock-mc/behaviour/fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "gate/base/digest.h"

namespace mock_mc {
namespace {

using gate::Nanos;

constexpr std::string_view kHeaderEnd = "\r\n\r\n";
constexpr std::string_view kLengthHeader = "\r\nContent-Length: ";

// Record type alert, TLS 1.2's version number, two bytes: fatal, handshake_failure (RFC 8446
// appendix B.2).
constexpr std::string_view kFatalAlert("\x15\x03\x03\x00\x02\x02\x28", 7);

// The same for the same seed; no byte of it starts a status line, and most are no text.
std::string Garbage(std::size_t count, std::string_view seed) {
  std::string bytes;
  for (std::uint64_t block = 0; bytes.size() < count; ++block) {
    bytes += gate::Sha256(fmt::format("mock-mc garbage {} {}", seed, block));
  }
  bytes.resize(count);
  if (!bytes.empty()) bytes.front() = '\xff';
  return bytes;
}

std::size_t BodyStart(std::string_view answer) {
  return answer.find(kHeaderEnd) + kHeaderEnd.size();
}

std::size_t PlaceOf(const Fault& fault, std::string_view answer) {
  switch (fault.at) {
    case Fault::Point::kBeforeStatus:
      return 0;
    case Fault::Point::kMidHeader:
      return answer.find(kHeaderEnd) / 2;
    case Fault::Point::kBeforeBody:
      return BodyStart(answer);
    case Fault::Point::kAfterBytes:
      return std::min(answer.size(), fault.after_bytes);
    case Fault::Point::kBeforeClose:
      return answer.size();
  }
  return 0;
}

void AddSend(std::string bytes, Plan& plan) {
  if (!bytes.empty()) plan.steps.emplace_back(Send{std::move(bytes)});
}

// Replaces the Content-Length line (adds one if there is none) by `line`, which has no line end.
std::string WithLengthLine(std::string_view answer, std::string_view line) {
  const std::size_t header_end = answer.find(kHeaderEnd);
  std::string header(answer.substr(0, header_end));
  const std::size_t start = header.find(kLengthHeader);
  if (start != std::string::npos) {
    const std::size_t end = std::min(header.find("\r\n", start + 2), header.size());
    header.erase(start, end - start);
  }
  return fmt::format("{}\r\n{}{}{}", header, line, kHeaderEnd, answer.substr(BodyStart(answer)));
}

std::string WithWrongLength(const Fault& fault, std::string_view answer) {
  const auto body = static_cast<std::ptrdiff_t>(answer.size() - BodyStart(answer));
  const std::ptrdiff_t said = std::max<std::ptrdiff_t>(0, body + fault.by);
  return WithLengthLine(answer, fmt::format("Content-Length: {}", said));
}

std::string BrokenChunks(Fault::Chunks how, std::string_view body) {
  const std::size_t half = body.size() / 2;
  const std::string_view first = body.substr(0, half);
  const std::string_view rest = body.substr(half);
  const auto chunk = [](std::string_view piece) {
    return piece.empty() ? std::string() : fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
  };
  switch (how) {
    case Fault::Chunks::kBadSize:
      return fmt::format("{}not-a-size\r\n{}\r\n0\r\n\r\n", chunk(first), rest);
    case Fault::Chunks::kOverlong:
      return fmt::format("{}{:x}\r\n{}surplus\r\n0\r\n\r\n", chunk(first), rest.size(), rest);
    case Fault::Chunks::kTruncated:
      return fmt::format("{}{:x}\r\n{}", chunk(first), rest.size() + 1, rest);
    case Fault::Chunks::kNoEnd:
      return chunk(first) + chunk(rest);
  }
  return "";
}

std::string WithBrokenChunks(const Fault& fault, std::string_view answer) {
  std::string broken = WithLengthLine(answer, "Transfer-Encoding: chunked");
  const std::size_t start = BodyStart(broken);
  const std::string body = broken.substr(start);
  broken.resize(start);
  return broken + BrokenChunks(fault.chunks, body);
}

// What happens at the place of the fault, if the answer (or connection) then is over.
void AddEnd(const Fault& fault, std::string_view seed, Plan& plan) {
  switch (fault.kind) {
    case Fault::Kind::kHang:
    case Fault::Kind::kStall:
      plan.steps.emplace_back(Hang{});
      return;
    case Fault::Kind::kReset:
      plan.steps.emplace_back(CloseRst{});
      return;
    case Fault::Kind::kHalfClose:
      plan.steps.emplace_back(HalfClose{});
      return;
    case Fault::Kind::kGarbage:
      AddSend(Garbage(fault.bytes, seed), plan);
      break;
    case Fault::Kind::kAbort:
      AddSend(std::string(kFatalAlert), plan);
      break;
    default:
      break;
  }
  plan.steps.emplace_back(CloseFin{});
}

}  // namespace

std::string_view ToString(Fault::Kind kind) {
  constexpr std::array<std::string_view, 15> kNames = {
      "none",          "hang",         "delay",  "stall",     "drip",
      "partialHeader", "reset",        "close",  "halfClose", "garbage",
      "wrongLength",   "brokenChunks", "refuse", "timeout",   "abort"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::string_view ToString(Fault::Point point) {
  constexpr std::array<std::string_view, 5> kNames = {"before-status", "mid-header", "before-body",
                                                      "after-bytes", "before-close"};
  return kNames.at(static_cast<std::size_t>(point));
}

std::string_view ToString(Fault::Chunks chunks) {
  constexpr std::array<std::string_view, 4> kNames = {"bad-size", "overlong", "truncated",
                                                      "no-end"};
  return kNames.at(static_cast<std::size_t>(chunks));
}

std::string_view ToString(Fault::Then then) {
  return then == Fault::Then::kStall ? "stall" : "close";
}

bool NeedsClose(const Fault& fault) {
  return fault.at == Fault::Point::kBeforeClose &&
         (fault.kind == Fault::Kind::kDelay || fault.kind == Fault::Kind::kStall);
}

bool ShowsNothing(const Fault& fault) {
  switch (fault.kind) {
    case Fault::Kind::kHang:
    case Fault::Kind::kPartialHeader:
      return true;
    case Fault::Kind::kStall:
    case Fault::Kind::kReset:
    case Fault::Kind::kClose:
    case Fault::Kind::kHalfClose:
    case Fault::Kind::kGarbage:
      return fault.at == Fault::Point::kBeforeStatus ||
             (fault.at == Fault::Point::kAfterBytes && fault.after_bytes == 0);
    default:
      return false;
  }
}

void AddSteps(const Fault& fault, std::string answer, Nanos begin, std::string_view seed,
              Plan& plan) {
  const std::size_t place = PlaceOf(fault, answer);
  switch (fault.kind) {
    case Fault::Kind::kNone:
      AddSend(std::move(answer), plan);
      return;
    case Fault::Kind::kDelay:
      AddSend(answer.substr(0, place), plan);
      plan.steps.emplace_back(Wait{begin + fault.length});
      AddSend(answer.substr(place), plan);
      return;
    case Fault::Kind::kDrip:
      AddSend(answer.substr(0, place), plan);
      plan.steps.emplace_back(Drip{answer.substr(place), fault.bytes, fault.every});
      return;
    case Fault::Kind::kPartialHeader:
      // Status line and whole header lines, then one whose value never ends.
      answer.resize(answer.find(kHeaderEnd) + 2);
      AddSend(answer + "X-Endless: ", plan);
      plan.steps.emplace_back(DripForever{'x', fault.every});
      return;
    case Fault::Kind::kWrongLength:
      AddSend(WithWrongLength(fault, answer), plan);
      if (fault.then == Fault::Then::kStall) {
        plan.steps.emplace_back(Hang{});
      } else {
        plan.steps.emplace_back(CloseFin{});
      }
      return;
    case Fault::Kind::kBrokenChunks:
      AddSend(WithBrokenChunks(fault, answer), plan);
      plan.steps.emplace_back(CloseFin{});
      return;
    default:
      answer.resize(place);
      AddSend(std::move(answer), plan);
      AddEnd(fault, seed, plan);
      return;
  }
}

Plan ConnectionPlan(const Fault& fault, std::string_view seed) {
  Plan plan;
  if (fault.kind == Fault::Kind::kDelay) {
    plan.steps.emplace_back(Wait{fault.length});
  } else {
    AddEnd(fault, seed, plan);
  }
  plan.decision.fault = ToString(fault.kind);
  plan.decision.delay = fault.length;
  return plan;
}

}  // namespace mock_mc

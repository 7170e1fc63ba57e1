#include "harness/fidelity/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gate/base/check.h"
#include "harness/fidelity/tracks.h"
#include "reports/text.h"

namespace drill {
namespace {

constexpr std::string_view kDigits = "0123456789";

gate::Nanos Lasted(const MilestoneTrace& trace) {
  return trace.milestones.empty() ? gate::Nanos(0) : trace.milestones.back().at;
}

std::optional<std::string> EntryAt(const Track& track, std::size_t index) {
  if (index >= track.entries.size()) return std::nullopt;
  return track.entries[index];
}

void CompareTrack(const Track& a, const Track& b, Agreement& agreement) {
  const auto [in_a, in_b] =
      std::mismatch(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end());
  const auto same = static_cast<std::size_t>(in_a - a.entries.begin());
  agreement.compared += same;
  const bool a_is_over = in_a == a.entries.end();
  const bool b_is_over = in_b == b.entries.end();
  if (a_is_over && (b_is_over || a.end == Track::End::kCut)) return;
  if (b_is_over && b.end == Track::End::kCut) return;
  agreement.differences.push_back({a.name, same, EntryAt(a, same), EntryAt(b, same)});
}

Agreement Alone(const MilestoneTrace& trace, Agreement::Status status) {
  Agreement agreement;
  agreement.scenario = trace.scenario;
  agreement.argo = MinorVersion(trace.controller);
  agreement.status = status;
  (status == Agreement::Status::kOnlyInA ? agreement.lasted_a : agreement.lasted_b) = Lasted(trace);
  return agreement;
}

Agreement Compare(const MilestoneTrace& a, const MilestoneTrace& b) {
  Agreement agreement;
  agreement.scenario = a.scenario;
  agreement.argo = MinorVersion(b.controller);
  if (agreement.argo.empty()) agreement.argo = MinorVersion(a.controller);
  agreement.lasted_a = Lasted(a);
  agreement.lasted_b = Lasted(b);
  if (a.sha256 != b.sha256) {
    agreement.status = Agreement::Status::kOtherFile;
    return agreement;
  }
  const auto tracks_a = Tracks(a);
  const auto tracks_b = Tracks(b);
  GATE_CHECK(tracks_a.size() == tracks_b.size());
  for (std::size_t i = 0; i < tracks_a.size(); ++i) {
    CompareTrack(tracks_a[i], tracks_b[i], agreement);
  }
  if (!agreement.differences.empty()) agreement.status = Agreement::Status::kDiffer;
  return agreement;
}

std::string_view ToString(Agreement::Status status) {
  switch (status) {
    case Agreement::Status::kAgree:
      return "agree";
    case Agreement::Status::kDiffer:
      return "differ";
    case Agreement::Status::kOnlyInA:
      return "only in A";
    case Agreement::Status::kOnlyInB:
      return "only in B";
    case Agreement::Status::kOtherFile:
      return "other file";
  }
  GATE_CHECK(false);
}

std::string Side(const std::optional<std::string>& entry) {
  return entry ? reports::OneLine(*entry) : "(nothing more)";
}

std::string Row(const Agreement& agreement, std::size_t width) {
  std::string text = fmt::format("{:<{}}  {:<10}  {:>8}  {:>9}  {:>9}\n", agreement.scenario, width,
                                 ToString(agreement.status), agreement.compared,
                                 gate::FormatSeconds(agreement.lasted_a) + " s",
                                 gate::FormatSeconds(agreement.lasted_b) + " s");
  for (const Difference& each : agreement.differences) {
    text += fmt::format("    {} #{}\n      A: {}\n      B: {}\n", each.track, each.index + 1,
                        Side(each.a), Side(each.b));
  }
  return text;
}

}  // namespace

std::string MinorVersion(std::string_view image) {
  std::string_view tag = image;
  tag.remove_prefix(std::min(tag.rfind(':') + 1, tag.size()));
  if (tag.starts_with('v')) tag.remove_prefix(1);
  const auto major = tag.find_first_not_of(kDigits);
  if (major == 0 || major == std::string_view::npos || tag[major] != '.') return "";
  const auto minor = std::min(tag.find_first_not_of(kDigits, major + 1), tag.size());
  return minor == major + 1 ? "" : std::string(tag.substr(0, minor));
}

std::vector<Agreement> CompareTraces(const std::vector<MilestoneTrace>& a,
                                     const std::vector<MilestoneTrace>& b) {
  std::vector<Agreement> agreements;
  auto in_a = a.begin();
  auto in_b = b.begin();
  while (in_a != a.end() || in_b != b.end()) {
    if (in_b == b.end() || (in_a != a.end() && in_a->scenario < in_b->scenario)) {
      agreements.push_back(Alone(*in_a++, Agreement::Status::kOnlyInA));
    } else if (in_a == a.end() || in_b->scenario < in_a->scenario) {
      agreements.push_back(Alone(*in_b++, Agreement::Status::kOnlyInB));
    } else {
      agreements.push_back(Compare(*in_a++, *in_b++));
    }
  }
  return agreements;
}

bool AllAgree(const std::vector<Agreement>& agreements) {
  return std::all_of(agreements.begin(), agreements.end(), [](const Agreement& each) {
    return each.status == Agreement::Status::kAgree;
  });
}

std::string RenderAgreements(const std::vector<Agreement>& agreements) {
  std::size_t width = std::string_view("scenario").size();
  std::size_t agree = 0;
  for (const Agreement& each : agreements) {
    width = std::max(width, each.scenario.size());
    if (each.status == Agreement::Status::kAgree) ++agree;
  }
  std::string text = fmt::format("{:<{}}  {:<10}  {:>8}  {:>9}  {:>9}\n", "scenario", width,
                                 "result", "compared", "A", "B");
  for (const Agreement& each : agreements) text += Row(each, width);
  text += fmt::format("\n{} of {} agree\n", agree, agreements.size());
  return text;
}

}  // namespace drill

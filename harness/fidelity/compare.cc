#include "harness/fidelity/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gate/base/check.h"
#include "harness/fidelity/tracks.h"
#include "reports/text.h"

namespace drill {
namespace {

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

Agreement Compare(const MilestoneTrace& a, const MilestoneTrace& b) {
  Agreement agreement{a.scenario, Agreement::Status::kAgree, 0, {}, Lasted(a), Lasted(b)};
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
  return entry ? reports::CleanText(*entry, reports::LineBreaks::kAsSpaces) : "(nothing more)";
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

std::vector<Agreement> CompareTraces(const std::vector<MilestoneTrace>& a,
                                     const std::vector<MilestoneTrace>& b) {
  std::vector<Agreement> agreements;
  auto in_a = a.begin();
  auto in_b = b.begin();
  while (in_a != a.end() || in_b != b.end()) {
    if (in_b == b.end() || (in_a != a.end() && in_a->scenario < in_b->scenario)) {
      agreements.push_back({in_a->scenario, Agreement::Status::kOnlyInA, 0, {}, Lasted(*in_a), {}});
      ++in_a;
    } else if (in_a == a.end() || in_b->scenario < in_a->scenario) {
      agreements.push_back({in_b->scenario, Agreement::Status::kOnlyInB, 0, {}, {}, Lasted(*in_b)});
      ++in_b;
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

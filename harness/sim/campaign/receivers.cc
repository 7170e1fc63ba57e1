#include "harness/sim/campaign/receivers.h"

#include "harness/kind/collect.h"

namespace drill::sim {
namespace {

bool Taken(const mock_mc::Decision& decision) {
  return decision.status >= 200 && decision.status < 300 && decision.fault.empty();
}

}  // namespace

void Receivers::Expect(const std::string& verdict, const std::string& trace_id) {
  const auto [found, fresh] = verdicts_.try_emplace(verdict);
  if (fresh) ++open_;
  found->second.by_trace.try_emplace(trace_id);
}

void Receivers::OnRequest(const mock_mc::Request& request, const mock_mc::Decision& decision) {
  const Receiver receiver = ReceiverAt(request.target);
  if (receiver == Receiver::kNone || open_ == 0 || !Taken(decision)) return;
  for (auto& [name, verdict] : verdicts_) {
    if (verdict.told) continue;
    for (auto& [trace, heard] : verdict.by_trace) {
      if (request.body.find(trace) == std::string::npos) continue;
      (receiver == Receiver::kSlack ? heard.slack : heard.pagerduty) = true;
      verdict.told = verdict.told || (heard.slack && heard.pagerduty);
    }
    if (verdict.told) --open_;
  }
}

std::map<std::string, bool> Receivers::Told() const {
  std::map<std::string, bool> told;
  for (const auto& [name, verdict] : verdicts_) told[name] = verdict.told;
  return told;
}

}  // namespace drill::sim

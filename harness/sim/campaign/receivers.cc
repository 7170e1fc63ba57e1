#include "harness/sim/campaign/receivers.h"

#include <algorithm>

#include "harness/kind/collect.h"

namespace drill::sim {
namespace {

bool Taken(const mock_mc::Decision& decision) {
  return decision.status >= 200 && decision.status < 300 && decision.fault.empty();
}

bool Mentions(const std::vector<std::string>& posted, std::string_view text) {
  return std::any_of(posted.begin(), posted.end(), [text](const std::string& body) {
    return body.find(text) != std::string::npos;
  });
}

}  // namespace

void Receivers::OnRequest(const mock_mc::Request& request, const mock_mc::Decision& decision) {
  if (!Taken(decision)) return;
  const Receiver receiver = ReceiverAt(request.target);
  if (receiver == Receiver::kNone) return;
  (receiver == Receiver::kSlack ? slack_ : pagerduty_).push_back(request.body);
}

bool Receivers::Have(std::string_view trace_id) const {
  return Mentions(slack_, trace_id) && Mentions(pagerduty_, trace_id);
}

}  // namespace drill::sim

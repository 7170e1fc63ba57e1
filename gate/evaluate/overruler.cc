#include "gate/evaluate/overruler.h"

#include <utility>

#include "gate/override/read.h"

namespace gate::evaluate {
namespace {

// An API server that is away must not hold up a verdict that needs nobody's override.
constexpr Nanos kPatience = std::chrono::seconds(3);

// Of a question about what no override can be for, such as a Rollout whose name is no label.
bool CanBeOverridden(const Question& question) {
  return !question.ns.empty() && !question.rollout.empty() && !question.release_id.empty() &&
         !question.pod_hash.empty();
}

}  // namespace

decide::Overruled Overruler::Overrule(decide::Verdict verdict, const Question& question,
                                      const std::stop_token& stop) {
  if (!CanBeOverridden(question)) return {std::move(verdict), {}};
  auto found = override::ReadOverrides(kube_, question.ns, question.rollout,
                                       {runtime_.Now() + kPatience, stop});
  if (!found) {
    if (found.error().code != ErrorCode::kCancelled) {
      WarnOnce(last_error_, found.error().message, "overrides cannot be read and do not count",
               {{"error", found.error().message}});
    }
    return {std::move(verdict), {}};
  }
  last_error_.clear();
  decide::Overruled after = decide::ApplyOverrides(std::move(verdict), *found,
                                                   {.ns = question.ns,
                                                    .rollout = question.rollout,
                                                    .release_id = question.release_id,
                                                    .stage = question.stage,
                                                    .pod_hash = question.pod_hash},
                                                   policy_, runtime_.WallNow());
  Report(after);
  return after;
}

void Overruler::Report(const decide::Overruled& after) {
  Json ignored = Json::array();
  for (const decide::IgnoredOverride& one : after.ignored) {
    ignored.push_back({{"name", one.name},
                       {"actor", one.actor},
                       {"why", decide::ToString(one.flaw)},
                       {"detail", one.detail}});
  }
  if (!ignored.empty()) {
    WarnOnce(last_ignored_, DumpJson(ignored), "overrides that do not count",
             {{"overrides", ignored}});
  }
}

void Overruler::WarnOnce(std::string& last, std::string seen, std::string_view message,
                         const Json& fields) {
  if (seen == last) return;
  log_.Warn(message, fields);
  last = std::move(seen);
}

}  // namespace gate::evaluate

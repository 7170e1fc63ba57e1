#pragma once

#include <string>

#include "gate/base/result.h"
#include "harness/sim/argo/analysis_status.h"
#include "harness/sim/argo/metric_spec.h"
#include "harness/sim/argo/web_transport.h"

// The web provider without the network (argo R54 to R60).
namespace drill::sim::argo {

// The request that a metric asks for. Error: the message of a measurement that is an Error.
gate::Result<WebRequest> BuildWebRequest(const MetricSpec& metric);
gate::Nanos WebTimeout(const MetricSpec& metric);

// What an answer, or the lack of one, is worth: phase, value and message.
Measurement JudgeWebResponse(const MetricSpec& metric, const gate::Result<WebResponse>& response);

}  // namespace drill::sim::argo

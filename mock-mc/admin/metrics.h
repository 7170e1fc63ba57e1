#pragma once

#include <string>

#include "mock-mc/wire/service.h"

namespace mock_mc {

// What has been counted, in Prometheus' text format (version 0.0.4).
std::string MetricsText(Service& service);

}  // namespace mock_mc

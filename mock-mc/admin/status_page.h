#pragma once

#include <string>

#include "mock-mc/wire/service.h"

namespace mock_mc {

// A page for people: what is counted, the rules, the latest requests. It loads nothing else, and
// loads itself anew every two seconds.
std::string StatusPage(Service& service);

}  // namespace mock_mc

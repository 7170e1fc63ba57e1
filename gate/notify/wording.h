#pragma once

#include <string>

#include "gate/notify/notice.h"

namespace gate::notify {

// What happened, in one line that stands alone: "[production] Gate failed: shop-1.5.0 must not go
// past stage 20 (shop/demo)". Plain text; foreign parts are not escaped.
std::string Headline(const Notice& notice);

// What people can do now and who may, with the command; empty if there is nothing to do. Commands
// hold no text that a shell would take for more than a word.
std::string NextStep(const Notice& notice);

}  // namespace gate::notify

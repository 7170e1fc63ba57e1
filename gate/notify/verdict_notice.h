#pragma once

#include <vector>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/notify/notice.h"

namespace gate::notify {

// What people are told because of one verdict record (docs/records.md): that the gate passed,
// failed or paused, and, if somebody may be forging evidence, a security alert of its own. Nothing
// for a dry run. kProtocol if this is no verdict record.
Result<std::vector<Notice>> NoticesOfVerdict(const Json& record);

}  // namespace gate::notify

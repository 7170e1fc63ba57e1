#pragma once

#include <vector>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/notify/notice.h"

namespace gate::notify {

// What people are told because of one verdict record (docs/records.md): that the gate passed,
// failed or paused, or that people decided in MC's place; if somebody may be forging evidence, a
// security alert of its own; and each override that did not count, but for those that may yet (of
// another stage, or waiting for a second person). Nothing for a dry run. kProtocol if this is no
// verdict record.
Result<std::vector<Notice>> NoticesOfVerdict(const Json& record);

}  // namespace gate::notify

#pragma once

#include "gate/seams/process_runner.h"

namespace drill {

using gate::CommandText;
using gate::ProcessOutput;
using gate::ProcessRequest;
using gate::ProcessRunner;
using gate::RunChecked;

}  // namespace drill

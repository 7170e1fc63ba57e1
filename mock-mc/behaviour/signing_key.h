#pragma once

#include "gate/signing/signing_key.h"

// What mock-mc signs evidence with.
namespace mock_mc {

using gate::signing::Algorithm;
using gate::signing::ParseAlgorithm;
using gate::signing::SigningKey;
using gate::signing::ToString;

}  // namespace mock_mc

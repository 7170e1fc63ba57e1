#pragma once

#include <string>

#include "gate/base/result.h"
#include "gate/signing/signing_key.h"
#include "reports/attest/approval.h"
#include "reports/attest/bundle.h"

namespace drill::cli {

// Keys in PEM files. The errors name the file and never hold any of its text.
gate::Result<gate::signing::SigningKey> ReadSigningKey(const std::string& path);
gate::Result<reports::VerifyingKey> ReadVerifyingKey(const std::string& path);

// The list of those whose approvals count.
gate::Result<reports::Approvers> ReadApprovers(const std::string& path);
inline constexpr const char* kApproversHelp =
    "whose approvals count, as YAML (docs/report-signing.md)";

}  // namespace drill::cli

#include "harness/cli/attest_commands.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gate/adapters/system_runtime.h"
#include "gate/signing/key_files.h"
#include "harness/cli/complain.h"
#include "harness/cli/key_files.h"
#include "harness/runner/summary.h"
#include "reports/assess.h"
#include "reports/attest/bundle.h"
#include "reports/attest/manifest.h"
#include "reports/attest/sign_off.h"
#include "reports/attest/verify.h"
#include "reports/file_io.h"
#include "reports/render.h"
#include "reports/text.h"

namespace drill::cli {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;

// --- keygen -------------------------------------------------------------------------------------

struct KeygenOptions {
  std::string algorithm = "ecdsa-p256";
  std::string out;
};

ExitCode Keygen(const KeygenOptions& options) {
  const auto algorithm = gate::signing::ParseAlgorithm(options.algorithm);
  if (!algorithm) return Complain(Error{ErrorCode::kInvalidArgument, "no such algorithm"});
  const auto key = gate::signing::SigningKey::Generate(*algorithm);
  if (!key) return Complain(key.error(), ExitCode::kInternal);
  const auto pem = key->PublicPem();
  const auto own = reports::VerifyingKey::Of(*key);
  if (!pem || !own) return Complain(pem ? own.error() : pem.error(), ExitCode::kInternal);
  const std::string secret = options.out + ".key";
  const std::string open = options.out + ".pub";
  if (auto written = gate::signing::WriteKeyPair(*key, secret, *pem, open); !written) {
    return Complain(written.error());
  }
  fmt::print("{}: keep it to yourself\n{}: give it to whoever verifies\nkey {}\n", secret, open,
             own->id);
  return ExitCode::kPass;
}

void AddKeygen(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("keygen", "make a key pair to sign reports with");
  const auto options = std::make_shared<KeygenOptions>();
  command->add_option("--out", options->out, "writes NAME.key (mode 0600) and NAME.pub")
      ->option_text("NAME")
      ->required();
  command->add_option("--algorithm", options->algorithm, "ecdsa-p256 or ed25519")
      ->check(CLI::IsMember({"ecdsa-p256", "ed25519"}))
      ->capture_default_str();
  command->callback([options, &chosen] { chosen = [options] { return Keygen(*options); }; });
}

// --- sign ---------------------------------------------------------------------------------------

struct SignOptions {
  std::string folder;
  std::string key;
};

ExitCode Sign(const SignOptions& options) {
  const auto key = ReadSigningKey(options.key);
  if (!key) return Complain(key.error());
  // Only what the journal says is ever signed.
  if (!reports::IsSigned(options.folder)) {
    if (const auto run = reports::WriteReport(options.folder); !run) return Complain(run.error());
  }
  if (auto made = reports::SignReport(options.folder, *key); !made) return Complain(made.error());
  fmt::print("{}/{}\n", options.folder, reports::kReportBundle);
  return ExitCode::kPass;
}

void AddSign(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "sign", "write the report again from its journal, and sign everything in its folder");
  const auto options = std::make_shared<SignOptions>();
  command->add_option("folder", options->folder, "the report folder of a run")->required();
  command->add_option("--key", options->key, "file of the private key (PEM)")
      ->option_text("FILE")
      ->required();
  command->callback([options, &chosen] { chosen = [options] { return Sign(*options); }; });
}

// Approvals are told to the second, and what they are held against, too.
gate::WallTime ThisSecond() {
  gate::SystemRuntime runtime;
  return std::chrono::floor<std::chrono::seconds>(runtime.WallNow());
}

// --- verify -------------------------------------------------------------------------------------

struct VerifyOptions {
  std::string folder;
  std::string key;
  std::string approvers;
  enum class Signature { kChecked, kIgnored } signature = Signature::kChecked;
};

void PrintFindings(const std::vector<reports::Finding>& findings, const char* prefix) {
  for (const reports::Finding& finding : findings) {
    fmt::print("{}{}: {}\n", prefix, reports::OneLine(finding.file),
               reports::OneLine(finding.what));
  }
}

void PrintApproval(const reports::SignedApproval& approval) {
  const bool approved = approval.judgement == reports::Judgement::kApproved;
  fmt::print("{} {} by {} ({}) at {}{}{}\n",
             approved ? "approved:" : "REJECTED:", reports::OneLine(approval.row),
             reports::OneLine(approval.name), approval.role, gate::FormatRfc3339(approval.time, 0),
             approval.comment.empty() ? "" : ": ", reports::OneLine(approval.comment));
}

// What is open in the rows that are asked for, a line each.
void PrintOpenRows(const reports::RunResult& run, const reports::Assessment& assessment) {
  for (std::size_t i = 0; i < run.checklist.size(); ++i) {
    if (!assessment.rows[i].asked) continue;
    for (const std::string& open : assessment.rows[i].open) {
      fmt::print("open: {}: {}\n", reports::OneLine(run.checklist[i].id), reports::OneLine(open));
    }
  }
}

void PrintDecision(const reports::RunResult& run, const reports::Assessment& assessment) {
  const auto& until = assessment.valid_until;
  fmt::print("{}: {}{}\n", reports::ToString(assessment.decision),
             reports::Sentence(run, assessment),
             until ? ", valid until " + gate::FormatRfc3339(*until, 0) : "");
}

// What the report comes to with the approvals, now; the one that was signed stays what it is.
ExitCode PrintAnswered(const VerifyOptions& options, const reports::AnswerSources& sources) {
  const auto run = reports::JudgeAnswers(options.folder, sources, ThisSecond());
  if (!run) {
    fmt::print("{}\n", run.error().message);
    return ExitCode::kPass;
  }
  const reports::Assessment assessment = reports::Assess(*run);
  PrintOpenRows(*run, assessment);
  fmt::print("with what people said, now ");
  PrintDecision(*run, assessment);
  return ExitCode::kPass;
}

ExitCode Conclude(const std::string& folder, const reports::Verification& verification) {
  PrintFindings(verification.mismatches, "");
  PrintFindings(verification.unchecked, "not checked: ");
  for (const reports::SignedApproval& approval : verification.approvals) PrintApproval(approval);
  if (!verification.mismatches.empty()) {
    fmt::print("{}: {} of its parts {} not as signed\n", folder, verification.mismatches.size(),
               verification.mismatches.size() == 1 ? "is" : "are");
    return ExitCode::kFail;
  }
  const std::string what = fmt::format("run {}, {}", reports::OneLine(verification.run_id),
                                       reports::OneLine(verification.decision));
  if (!verification.unchecked.empty()) {
    fmt::print("{}: nothing contradicts, but not everything was checked ({})\n", folder, what);
    return ExitCode::kInconclusive;
  }
  fmt::print("{}: all {} files are as key {} signed them ({})\n", folder, verification.files,
             verification.key_id, what);
  return ExitCode::kPass;
}

ExitCode Verify(const VerifyOptions& options) {
  const bool ignored = options.signature == VerifyOptions::Signature::kIgnored;
  if (options.key.empty() != ignored) {
    return Complain(Error{ErrorCode::kInvalidArgument,
                          "give the public key with --key FILE, or --no-signature to only hold the "
                          "files against each other, which proves nothing about who made them"});
  }
  std::optional<reports::VerifyingKey> key;
  if (!ignored) {
    auto read = ReadVerifyingKey(options.key);
    if (!read) return Complain(read.error());
    key = *std::move(read);
  }
  std::optional<reports::Approvers> approvers;
  if (!options.approvers.empty()) {
    auto read = ReadApprovers(options.approvers);
    if (!read) return Complain(read.error());
    approvers = *std::move(read);
  }
  const auto verification = reports::VerifyReport(
      options.folder, {key ? &*key : nullptr, approvers ? &*approvers : nullptr});
  if (!verification) return Complain(verification.error(), ExitCode::kInvalidInput);
  const ExitCode code = Conclude(options.folder, *verification);
  const bool answered = code == ExitCode::kPass && approvers && !verification->approvals.empty();
  return answered ? PrintAnswered(options, {*key, *approvers}) : code;
}

void AddVerify(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("verify", "say what in a report is not as it was signed");
  const auto options = std::make_shared<VerifyOptions>();
  command->add_option("folder", options->folder, "the report folder of a run")->required();
  command->add_option("--key", options->key, "file of the public key (PEM) of who signs reports")
      ->option_text("FILE");
  command->add_option("--approvers", options->approvers, kApproversHelp)->option_text("FILE");
  command->add_flag_callback(
      "--no-signature", [options] { options->signature = VerifyOptions::Signature::kIgnored; },
      "look at everything but the signature");
  command->footer(
      "Exit codes: 0 everything is as signed (whatever the report's decision is), 1 something is\n"
      "not (a line each), 2 nothing contradicts but something was not checked, 3 cannot look.");
  command->callback([options, &chosen] { chosen = [options] { return Verify(*options); }; });
}

// --- approve ------------------------------------------------------------------------------------

struct ApproveOptions {
  std::string folder;
  std::string key;
  std::string report_key;
  reports::ApprovalRequest request;
};

ExitCode Approve(const ApproveOptions& options) {
  const auto key = ReadSigningKey(options.key);
  if (!key) return Complain(key.error());
  std::optional<reports::VerifyingKey> report_key;
  if (!options.report_key.empty()) {
    auto read = ReadVerifyingKey(options.report_key);
    if (!read) return Complain(read.error());
    report_key = *std::move(read);
  }
  reports::ApprovalRequest request = options.request;
  request.time = ThisSecond();
  const auto name =
      reports::ApproveReport(options.folder, request, *key, report_key ? &*report_key : nullptr);
  if (!name) return Complain(name.error());
  fmt::print("{}/{}\n", options.folder, *name);
  return ExitCode::kPass;
}

void AddApprove(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "approve", "say, as a person and beside a signed report, that a row of its checklist is met");
  const auto options = std::make_shared<ApproveOptions>();
  command->add_option("folder", options->folder, "the report folder of a run")->required();
  command->add_option("--role", options->request.role, "as whom: sre-manager, on-call, ...")
      ->required();
  command->add_option("--row", options->request.rows, "id of a row of the checklist; repeatable")
      ->allow_extra_args(false)
      ->required();
  command->add_option("--key", options->key, "file of your private key (PEM)")
      ->option_text("FILE")
      ->required();
  command
      ->add_option("--report-key", options->report_key,
                   "file of the public key that the report must be signed with")
      ->option_text("FILE");
  command->add_option("--comment", options->request.comment, "for whoever reads it");
  command->add_flag_callback(
      "--reject", [options] { options->request.judgement = reports::Judgement::kRejected; },
      "say that the row is not met");
  command->footer("Exit codes: 0 written, 1 the report is not as it was signed, 3 invalid input.");
  command->callback([options, &chosen] { chosen = [options] { return Approve(*options); }; });
}

// --- sign-off -----------------------------------------------------------------------------------

struct SignOffOptions {
  std::string folder;
  std::string key;
  std::string approvers;
  std::vector<std::string> earlier;
  std::string out;
};

ExitCode SignOff(const SignOffOptions& options) {
  const auto key = ReadVerifyingKey(options.key);
  if (!key) return Complain(key.error());
  const auto approvers = ReadApprovers(options.approvers);
  if (!approvers) return Complain(approvers.error());
  const auto run = reports::WriteSignOff(options.folder, {*key, *approvers, options.earlier},
                                         ThisSecond(), options.out);
  if (!run) return Complain(run.error());
  for (const reports::IgnoredApproval& each : run->ignored_approvals) {
    fmt::print("does not count: {}: {}\n", reports::OneLine(each.file), reports::OneLine(each.why));
  }
  const reports::Assessment assessment = reports::Assess(*run);
  PrintOpenRows(*run, assessment);
  PrintDecision(*run, assessment);
  fmt::print("{}/report.html\n", options.out);
  return ExitCodeOf(assessment.decision);
}

void AddSignOff(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "sign-off", "write a signed report with what people said about it, as a report of its own");
  const auto options = std::make_shared<SignOffOptions>();
  command->add_option("folder", options->folder, "the signed report; it stays as it is")
      ->required();
  command->add_option("--key", options->key, "file of the public key (PEM) of who signs reports")
      ->option_text("FILE")
      ->required();
  command->add_option("--approvers", options->approvers, kApproversHelp)
      ->option_text("FILE")
      ->required();
  command
      ->add_option("--approvals", options->earlier,
                   "another signed report, whose approvals count, too; repeatable")
      ->option_text("FOLDER")
      ->allow_extra_args(false);
  command->add_option("--out", options->out, "folder to write to; new, or empty")
      ->option_text("FOLDER")
      ->required();
  command->footer(
      "Exit codes: 0 READY, 1 NOT READY, or the report is not as it was signed, 2 INCOMPLETE,\n"
      "3 invalid input.");
  command->callback([options, &chosen] { chosen = [options] { return SignOff(*options); }; });
}

}  // namespace

void AddAttestCommands(CLI::App& app, Chosen& chosen) {
  AddKeygen(app, chosen);
  AddSign(app, chosen);
  AddVerify(app, chosen);
  AddApprove(app, chosen);
  AddSignOff(app, chosen);
}

}  // namespace drill::cli

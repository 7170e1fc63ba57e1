#include "reports/attest/sign_off.h"

#include <filesystem>
#include <utility>

#include "gate/base/digest.h"
#include "reports/attest/compare.h"
#include "reports/attest/manifest.h"
#include "reports/attest/verify.h"
#include "reports/file_io.h"
#include "reports/journal.h"
#include "reports/read.h"
#include "reports/records.h"
#include "reports/render.h"

namespace reports {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;

constexpr std::string_view kAnswersFolder = "answers";

// That the report is as the owner of the key signed it; what people said is looked at later.
Result<void> CheckReport(const std::string& folder, const VerifyingKey& key) {
  const auto verification = VerifyReport(folder, {&key, nullptr});
  if (!verification) return verification.error();
  return CheckNone(verification->mismatches);
}

Result<Answers> ReadAllAnswers(const std::string& folder, const AnswerSources& sources) {
  auto all = ReadAnswers(folder, sources.approvers);
  if (!all) return all;
  if (auto added = AddAnswers(sources.earlier, sources.approvers, *all); !added) {
    return std::move(added).error();
  }
  return all;
}

struct Judged {
  std::string journal;  // text
  RunResult run;
};

Result<Judged> Judge(const std::string& folder, const AnswerSources& sources, gate::WallTime at) {
  if (auto good = CheckReport(folder, sources.report_key); !good) return std::move(good).error();
  const auto bundle = ReadWholeFile(folder + "/" + std::string(kReportBundle), kLargestBundle);
  if (!bundle) return bundle.error();
  const auto text = ReadJournalText(JournalPath(folder));
  if (!text) return text.error();
  auto before = ParseRun(*text);
  if (!before) return std::move(before).error().Wrap(JournalPath(folder));
  if (!before->finished || before->sign_off) {
    return Error{ErrorCode::kInvalidArgument,
                 folder + (before->finished ? ": is signed off already; approve and sign off the "
                                              "report that it was made from"
                                            : ": its run was not finished")};
  }
  const auto answers = ReadAllAnswers(folder, sources);
  if (!answers) return answers.error();
  const SignOff sign_off{at, gate::Sha256Hex(*bundle), sources.report_key.id};
  auto extended =
      ExtendJournal(*text, SignOffRecord(sign_off, answers->approvals, answers->ignored));
  if (!extended) return std::move(extended).error().Wrap(JournalPath(folder));
  auto run = ParseRun(*extended);
  if (!run) return std::move(run).error();
  return Judged{*std::move(extended), *std::move(run)};
}

Result<void> CopyAnswers(const std::string& folder, const std::string& to) {
  auto names = FindApprovals(folder);
  if (!names) return std::move(names).error();
  names->emplace_back(kReportBundle);
  if (auto made = MakeFolder(to); !made) return made;
  for (const std::string& name : *names) {
    const auto text = ReadWholeFile(folder + "/" + name, kLargestBundle);
    if (!text) return text.error();
    if (auto done = WriteFileAtomically(to + "/" + name, *text); !done) return done;
  }
  return {};
}

// Those of this report into answers/, those of the others into answers/1, answers/2, ...
Result<void> CopyAllAnswers(const std::string& folder, const std::vector<std::string>& earlier,
                            const std::string& out) {
  const std::string to = out + "/" + std::string(kAnswersFolder);
  if (auto done = CopyAnswers(folder, to); !done) return done;
  for (std::size_t i = 0; i < earlier.size(); ++i) {
    const auto done = CopyAnswers(earlier[i], to + "/" + std::to_string(i + 1));
    if (!done) return done;
  }
  return {};
}

}  // namespace

Result<RunResult> JudgeAnswers(const std::string& folder, const AnswerSources& sources,
                               gate::WallTime at) {
  auto judged = Judge(folder, sources, at);
  if (!judged) return std::move(judged).error();
  return std::move(judged->run);
}

Result<RunResult> WriteSignOff(const std::string& folder, const AnswerSources& sources,
                               gate::WallTime at, const std::string& out) {
  const auto judged = Judge(folder, sources, at);
  if (!judged) return judged.error();
  if (auto made = MakeFolder(out); !made) return std::move(made).error();
  std::error_code error;
  if (!std::filesystem::is_empty(out, error)) {
    return Error{ErrorCode::kAlreadyExists, out + ": is not empty"};
  }
  if (auto done = CopyAllAnswers(folder, sources.earlier, out); !done) {
    return std::move(done).error();
  }
  if (auto done = WriteFileAtomically(JournalPath(out), judged->journal); !done) {
    return std::move(done).error();
  }
  return WriteReport(out);
}

}  // namespace reports

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gate/base/encoding.h"
#include "gate/lint/checks.h"
#include "gate/lint/gate_use.h"

namespace gate::lint {
namespace {

// What comes on top of timing.hold: the pod's start and the writing of the record.
constexpr Nanos kBesidesHold = std::chrono::seconds(15);

// "--mc-token", "SLACK_TOKEN", but not "--mc-token-file".
bool NamesSecret(const std::string& name) {
  std::string lower = LowerCase(name);
  std::replace(lower.begin(), lower.end(), '_', '-');
  constexpr std::array kSecrets = {"token",   "password",    "passwd",     "secret",
                                   "api-key", "credentials", "access-key", "private-key"};
  constexpr std::array kReferences = {"-file", "-path", "-dir", "-name", "-ref", "-url", "-uri"};
  const auto has = [&](const char* part) { return lower.find(part) != std::string::npos; };
  const auto ends = [&](const char* part) { return lower.ends_with(part); };
  return std::any_of(kSecrets.begin(), kSecrets.end(), has) &&
         std::none_of(kReferences.begin(), kReferences.end(), ends);
}

// A value that stands for itself, and not for an argument, a variable or a file.
bool IsLiteral(const std::string& value) {
  return !value.empty() && value.find("{{") == std::string::npos && value.front() != '$' &&
         value.front() != '/';
}

// argo R45: what is in a Job's spec can be read by everybody who may read Jobs.
class SecretCheck {
 public:
  SecretCheck(const AnalysisTemplate& analysis_template, const Container& container,
              Reporter& report)
      : analysis_template_(analysis_template), container_(container), report_(report) {}

  void Run() {
    for (const Text& word : container_.words) CheckArguments(word);
    for (const EnvVariable& each : container_.env) {
      if (each.value) CheckArguments(*each.value);
      if (each.value && NamesSecret(each.name) && IsLiteral(each.value->value)) {
        Report(each.value->place, fmt::format("the value of {} is written out", each.name));
      }
    }
    CheckWords();
  }

 private:
  void Report(const Place& place, std::string message) {
    report_.Add(Rule::kSecretInArguments, place, std::move(message),
                "mount the Secret in the pod and read it from the file");
  }

  void CheckArguments(const Text& text) {
    for (const std::string& name : ArgumentsIn(text.value)) {
      const bool secret =
          std::any_of(analysis_template_.args.begin(), analysis_template_.args.end(),
                      [&](const Argument& each) { return each.is_secret && each.name == name; });
      if (!secret) continue;
      Report(
          text.place,
          fmt::format("argument \"{}\" is a Secret and is put into the Job in clear text", name));
    }
  }

  void CheckWords() {
    const std::vector<Text> words = Words(container_);
    for (std::size_t i = 0; i < words.size(); ++i) {
      const Text& word = words[i];
      CheckExpansions(word);
      const auto equals = word.value.find('=');
      const std::string name = word.value.substr(0, equals);
      if (word.value == "Bearer" || word.value.find("Bearer ") != std::string::npos) {
        if (IsBearer(words, i)) Report(word.place, "a bearer token is written out");
        continue;
      }
      if (!name.starts_with('-') || !NamesSecret(name)) continue;
      const bool has_next = equals == std::string::npos && i + 1 < words.size() &&
                            !words[i + 1].value.starts_with('-');
      const std::string value = equals != std::string::npos ? word.value.substr(equals + 1)
                                : has_next                  ? words[i + 1].value
                                                            : "";
      if (IsLiteral(value)) {
        Report(word.place, fmt::format("the value of {} is written out", name));
      }
    }
  }

  static bool IsBearer(const std::vector<Text>& words, std::size_t i) {
    const auto at = words[i].value.find("Bearer ");
    if (at != std::string::npos) return IsLiteral(words[i].value.substr(at + 7));
    return i + 1 < words.size() && IsLiteral(words[i + 1].value);
  }

  // $(NAME) is put in by the kubelet: a secret variable becomes part of the command line.
  void CheckExpansions(const Text& word) {
    for (const EnvVariable& each : container_.env) {
      if (!each.is_secret || word.value.find("$(" + each.name + ")") == std::string::npos) continue;
      Report(word.place, fmt::format("$({}) puts a Secret on the command line", each.name));
    }
  }

  const AnalysisTemplate& analysis_template_;
  const Container& container_;
  Reporter& report_;
};

// argo R53, R70: nothing else ends a Job whose pod never starts.
void CheckDeadline(const Metric& metric, Reporter& report) {
  const JobProvider& job = *metric.job;
  if (job.deadline_seconds) return;
  report.Add(Rule::kJobDeadline, job.place,
             fmt::format("the Job of metric \"{}\" has no activeDeadlineSeconds: a pod that cannot "
                         "start hangs the rollout for ever",
                         metric.name.value),
             "set activeDeadlineSeconds, longer than the Job takes");
}

void CheckHold(const Container& gate, const AnalysisTemplate& analysis_template,
               const JobProvider& job, const Context& context, Reporter& report) {
  if (!job.deadline_seconds) return;
  const Nanos hold = HoldOf(gate, job, analysis_template.identity.ns, context.objects.config_maps)
                         .value_or(context.options.gate_hold);
  const std::int64_t enough = std::chrono::ceil<std::chrono::seconds>(hold + kBesidesHold).count();
  if (job.deadline_seconds->value >= enough) return;
  report.Add(Rule::kJobDeadlineShort, job.deadline_seconds->place,
             fmt::format("the Job is killed after {} s, but the gate holds for {} (timing.hold)",
                         job.deadline_seconds->value, FormatDuration(hold)),
             fmt::format("set activeDeadlineSeconds to at least {}, or timing.hold lower", enough));
}

// argo R49, R51
void CheckJobSettings(const JobProvider& job, Reporter& report) {
  if (!job.backoff_limit || job.backoff_limit->value != 0) {
    report.Add(Rule::kJobBackoffLimit, job.backoff_limit ? job.backoff_limit->place : job.place,
               job.backoff_limit
                   ? fmt::format("backoffLimit {} asks again after a failed verdict",
                                 job.backoff_limit->value)
                   : "without backoffLimit a failed verdict is asked for 6 times more",
               "set backoffLimit: 0");
  }
  if (!job.ttl_seconds) {
    report.Add(Rule::kJobTtl, job.place, "finished Jobs of the gate stay for ever",
               "set ttlSecondsAfterFinished, long enough to collect the log");
  }
  if (!job.restart_policy || job.restart_policy->value != "Never") {
    report.Add(Rule::kJobRestartPolicy, job.restart_policy ? job.restart_policy->place : job.place,
               "a container that is restarted asks again after a failed verdict",
               "set restartPolicy: Never");
  }
}

void CheckToken(const Container& gate, const JobProvider& job, Reporter& report) {
  for (const Mount& mount : gate.mounts) {
    for (const Volume& volume : job.volumes) {
      if (volume.name == mount.volume && volume.holds_secret) return;
    }
  }
  report.Add(Rule::kTokenNotMounted, gate.place, "no Secret is mounted in the gate's container",
             "mount the Secret with MC's token and name its file as mc.tokenFile");
}

void CheckDryRunFlag(const Container& gate, Reporter& report) {
  constexpr std::array kOn = {"--dry-run", "--dry-run=true", "--dry-run=1", "--dry-run=yes",
                              "--dry-run=on"};
  for (const Text& word : Words(gate)) {
    if (std::find(kOn.begin(), kOn.end(), word.value) == kOn.end()) continue;
    report.Add(Rule::kGateDryRun, word.place, "a gate with --dry-run always passes",
               "remove it, or give --dry-run=false");
  }
}

}  // namespace

void CheckJob(const AnalysisTemplate& analysis_template, const Metric& metric,
              const Context& context) {
  const JobProvider& job = *metric.job;
  Reporter report(analysis_template.identity, context.findings);
  CheckDeadline(metric, report);
  for (const auto* containers : {&job.containers, &job.init_containers}) {
    for (const Container& each : *containers) SecretCheck(analysis_template, each, report).Run();
  }
  const Container* gate = GateContainer(job);
  if (gate == nullptr) return;
  CheckHold(*gate, analysis_template, job, context, report);
  CheckJobSettings(job, report);
  CheckToken(*gate, job, report);
  CheckDryRunFlag(*gate, report);
}

}  // namespace gate::lint

#include "harness/runner/timeline_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "gate/base/encoding.h"
#include "reports/codec.h"
#include "reports/text.h"

namespace drill {
namespace {

using reports::TraceEntry;

std::string Field(const TraceEntry& entry, const char* key) {
  const auto found = entry.fields.find(key);
  return found == entry.fields.end() ? "" : gate::JsonText(*found);
}

// ": text", or nothing.
std::string Colon(const std::string& text) { return text.empty() ? "" : ": " + text; }

std::string AllFields(const TraceEntry& entry) {
  std::string text = entry.name;
  for (const auto& [key, value] : entry.fields.items()) {
    text += fmt::format(" {}={}", key, Field(entry, key.c_str()));
  }
  return text;
}

std::string Action(const TraceEntry& entry) {
  const bool done = Field(entry, "ok") == "true";
  return fmt::format("{}{}{}", Field(entry, "do"), done ? "" : " FAILED",
                     Colon(Field(entry, "detail")));
}

std::string Fault(const TraceEntry& entry) {
  if (Field(entry, "state") == "ended") return Field(entry, "kind") + " is over";
  return Field(entry, "detail");
}

std::string Step(const TraceEntry& entry) {
  return fmt::format("step {}, weight {}", Field(entry, "index"), Field(entry, "weight"));
}

std::string Pause(const TraceEntry& entry) {
  return fmt::format("{}: {}", Field(entry, "active") == "true" ? "paused" : "no longer paused",
                     Field(entry, "reason"));
}

std::string Replicas(const TraceEntry& entry) {
  std::string text = fmt::format("stable {}/{}, canary {}/{}", Field(entry, "stableAvailable"),
                                 Field(entry, "stableSpec"), Field(entry, "canaryAvailable"),
                                 Field(entry, "canarySpec"));
  if (Field(entry, "olderSpec") != "0" || Field(entry, "olderAvailable") != "0") {
    text += fmt::format(", older {}/{}", Field(entry, "olderAvailable"), Field(entry, "olderSpec"));
  }
  return text;
}

std::string Analysis(const TraceEntry& entry) {
  return fmt::format("{} {}{}", Field(entry, "name"), Field(entry, "phase"),
                     Colon(Field(entry, "message")));
}

std::string Job(const TraceEntry& entry) {
  const bool succeeded = Field(entry, "succeeded") == "true";
  return fmt::format("{} {}{}", Field(entry, "name"), succeeded ? "succeeded" : "failed",
                     Colon(Field(entry, "reason")));
}

std::string Verdict(const TraceEntry& entry) {
  return fmt::format("at {}: {}{}, {}", Field(entry, "stage"), Field(entry, "verdict"),
                     Field(entry, "dryRun") == "true" ? " (dry run)" : "", Field(entry, "reason"));
}

std::string Request(const TraceEntry& entry) {
  const std::string ok = Field(entry, "evidenceOk");
  return fmt::format("asked about {}: status {}{}, rule {}", Field(entry, "stage"),
                     Field(entry, "status"), ok.empty() ? "" : ", evidence " + ok,
                     Field(entry, "rule"));
}

std::string Notice(const TraceEntry& entry) {
  const std::string action = Field(entry, "action");
  const std::string text = Field(entry, "text");
  return fmt::format("{}, answered {}: {}", Field(entry, "to"), Field(entry, "status"),
                     text.empty() ? action + " " + Field(entry, "key") : text);
}

std::string Broken(const TraceEntry& entry) {
  return fmt::format("{}{}", Field(entry, "invariant"), Colon(Field(entry, "detail")));
}

std::string Chain(const TraceEntry& entry) {
  return fmt::format("audit chain {}{}", Field(entry, "ok") == "true" ? "unbroken" : "BROKEN",
                     Colon(Field(entry, "detail")));
}

struct Telling {
  std::string_view name;
  std::string_view who;
  std::string (*what)(const TraceEntry& entry);
};

// Who does a thing, and how it is told. Events that are not here are told with all their fields.
constexpr std::array kTellings = {
    Telling{"deployed", "harness",
            [](const TraceEntry& entry) { return "deploys " + Field(entry, "release"); }},
    Telling{"action", "harness", Action},
    Telling{"fault", "fault", Fault},
    Telling{"rollout.phase", "rollout",
            [](const TraceEntry& entry) {
              return Field(entry, "phase") + Colon(Field(entry, "message"));
            }},
    Telling{"rollout.step", "rollout", Step},
    Telling{"rollout.pause", "rollout", Pause},
    Telling{"rollout.aborted", "rollout",
            [](const TraceEntry& entry) { return "aborted" + Colon(Field(entry, "message")); }},
    Telling{"promoted", "rollout",
            [](const TraceEntry& entry) { return "promoted: " + Field(entry, "release"); }},
    Telling{"restored", "rollout",
            [](const TraceEntry&) { return std::string("restored: the stable release alone"); }},
    Telling{"replicas", "pods", Replicas},
    Telling{"analysisrun.phase", "analysis", Analysis},
    Telling{"job.finished", "job", Job},
    Telling{"verdict", "gate", Verdict},
    Telling{"mc.request", "mc", Request},
    Telling{"notice", "people", Notice},
    Telling{"audit.chain", "gate", Chain},
    Telling{"broken", "INVARIANT", Broken},
};

// Injected faults are told of by themselves when they begin.
bool RepeatsOthers(const TraceEntry& entry) {
  if (entry.name == "action") return Field(entry, "do") == "fault" && Field(entry, "ok") == "true";
  return entry.name == "event" || entry.name == "audit" || entry.name == "release.seen";
}

std::pair<std::string_view, std::string> Tell(const TraceEntry& entry) {
  const auto* found = std::find_if(kTellings.begin(), kTellings.end(), [&](const Telling& telling) {
    return telling.name == entry.name;
  });
  if (found == kTellings.end()) return {"", AllFields(entry)};
  return {found->who, found->what(entry)};
}

// What the columns between time and text say, as far as is known.
struct State {
  std::string weight = "-";
  std::string stable = "-";
  std::string canary = "-";

  void Learn(const TraceEntry& entry) {
    if (entry.name == "rollout.step") weight = Field(entry, "weight");
    if (entry.name != "replicas") return;
    stable = Field(entry, "stableAvailable") + "/" + Field(entry, "stableSpec");
    canary = Field(entry, "canaryAvailable") + "/" + Field(entry, "canarySpec");
  }
};

std::string CutLine(std::string line, std::size_t columns) {
  if (line.size() > columns) line = gate::Truncate(line, columns);
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

// Lines that say the same, one after the other, become one.
class Lines {
 public:
  explicit Lines(std::size_t columns) : columns_(columns) {}

  void Add(gate::Nanos at, const std::string& what) {
    if (what == last_) {
      ++more_;
      until_ = at;
      return;
    }
    Close();
    last_ = what;
    line_ = fmt::format("{:>10}  {}", gate::FormatSeconds(at), what);
  }

  std::string Take() {
    Close();
    return std::move(text_);
  }

 private:
  void Close() {
    if (line_.empty()) return;
    if (more_ > 0) {
      line_ += fmt::format(" ({} times until {})", more_ + 1, gate::FormatSeconds(until_));
    }
    text_ += CutLine(std::move(line_), columns_);
    line_.clear();
    more_ = 0;
  }

  const std::size_t columns_;
  std::string text_;
  std::string last_;
  std::string line_;
  std::size_t more_ = 0;
  gate::Nanos until_{0};
};

}  // namespace

std::string RenderTimeline(std::string_view title, const std::vector<TraceEntry>& timeline,
                           std::size_t columns) {
  const auto deployed = std::find_if(timeline.begin(), timeline.end(), [](const TraceEntry& entry) {
    return entry.name == "deployed";
  });
  const gate::Nanos zero = deployed == timeline.end() ? gate::Nanos(0) : deployed->at;
  std::string text = CutLine(std::string(title), columns);
  text += fmt::format("{:>10}  {:>6}  {:>7}  {:>7}  {:<9}  {}\n", "seconds", "weight", "stable",
                      "canary", "who", "what");
  State state;
  Lines lines(columns);
  std::size_t hidden = 0;
  for (const TraceEntry& entry : timeline) {
    state.Learn(entry);
    if (RepeatsOthers(entry)) {
      ++hidden;
      continue;
    }
    const auto [who, what] = Tell(entry);
    lines.Add(entry.at - zero,
              fmt::format("{:>6}  {:>7}  {:>7}  {:<9}  {}", state.weight, state.stable,
                          state.canary, who, reports::OneLine(what)));
  }
  text += lines.Take();
  if (hidden > 0) {
    text += fmt::format("({} events, audit lines and release ids seen are not shown)\n", hidden);
  }
  return text;
}

}  // namespace drill

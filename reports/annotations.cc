#include <fmt/format.h>

#include "gate/base/encoding.h"
#include "reports/assess.h"
#include "reports/render.h"
#include "reports/text.h"

namespace reports {
namespace {

constexpr int kMostOfAKind = 10;
constexpr std::size_t kLongestAnnotation = 1000;

// As the runner reads it back: "%", line ends, and in properties also ":" and ",".
enum class Place { kMessage, kProperty };
std::string Escape(std::string_view text, Place place) {
  std::string escaped;
  for (const char c : OneLine(gate::Truncate(text, kLongestAnnotation))) {
    const bool property = place == Place::kProperty && (c == ':' || c == ',');
    if (c == '%' || property) {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string Line(std::string_view kind, const ScenarioResult& scenario) {
  return fmt::format("::{} file={},title={}::{}: {}\n", kind,
                     Escape(scenario.file, Place::kProperty),
                     Escape(scenario.id + " " + scenario.title, Place::kProperty),
                     ToString(scenario.outcome), Escape(scenario.reason, Place::kMessage));
}

// Lines of one kind; the last says how many there are beyond the limit.
class Lines {
 public:
  explicit Lines(std::string_view kind) : kind_(kind) {}
  void Add(const ScenarioResult& scenario) {
    ++count_;
    if (count_ < kMostOfAKind) text_ += Line(kind_, scenario);
    if (count_ == kMostOfAKind) last_ = Line(kind_, scenario);
  }
  std::string Take() && {
    if (count_ <= kMostOfAKind) return text_ + last_;
    return text_ +
           fmt::format("::{}::{} more scenarios are not green\n", kind_, count_ - kMostOfAKind + 1);
  }

 private:
  std::string_view kind_;
  int count_ = 0;
  std::string text_;
  std::string last_;
};

}  // namespace

std::string RenderAnnotations(const RunResult& run) {
  const Assessment assessment = Assess(run);
  Lines errors("error");
  Lines warnings("warning");
  for (const ScenarioResult& scenario : run.scenarios) {
    if (scenario.outcome == Outcome::kPass) continue;
    if (assessment.Requires(run, scenario)) {
      errors.Add(scenario);
    } else if (scenario.outcome != Outcome::kNotRun) {
      warnings.Add(scenario);
    }
  }
  return std::move(errors).Take() + std::move(warnings).Take();
}

}  // namespace reports

#include "gate/seams/process_runner.h"

#include "gate/base/encoding.h"

namespace gate {
namespace {

// Of a program's output in messages, in bytes.
constexpr std::size_t kShownOutput = 1000;

}  // namespace

std::string OutputTail(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    if (!space) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (line.ends_with(' ')) line.pop_back();
  if (line.size() <= kShownOutput) return line;
  return "..." + line.substr(line.find(' ', line.size() - kShownOutput) + 1);
}

Result<ProcessOutput> RunChecked(ProcessRunner& runner, const ProcessRequest& request,
                                 const Deadline& deadline) {
  auto output = runner.Run(request, deadline);
  if (!output || output->exit_code == 0) return output;
  // kind writes pages of progress and marks where the cause begins.
  const std::size_t cause = output->err.rfind("ERROR: ");
  std::string said =
      OutputTail(cause == std::string::npos ? output->err : output->err.substr(cause + 7));
  if (said.empty()) said = OutputTail(output->out);
  return Error{ErrorCode::kUnavailable, CommandText(request) + " failed with exit code " +
                                            std::to_string(output->exit_code) + ": " + said};
}

std::string CommandText(const ProcessRequest& request) {
  std::string text;
  for (const std::string& argument : request.argv) {
    if (!text.empty()) text += ' ';
    text += argument;
  }
  constexpr std::size_t kShown = 200;
  return "`" + Truncate(text, kShown) + "`";
}

}  // namespace gate

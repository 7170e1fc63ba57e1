#pragma once

#include <string>

#include "reports/journal.h"
#include "reports/model.h"

namespace reports {

// A run with a scenario of every outcome and every part of the model in use.
RunResult SampleRun();

// A run of one required scenario that passed.
RunResult GreenRun();

// Such a run with `text` in every place that holds free text.
RunResult RunWithTextEverywhere(const std::string& text);

// The journal that a run with this result leaves, as bytes of the file, written to a folder of its
// own.
std::string JournalOf(const RunResult& run);

}  // namespace reports

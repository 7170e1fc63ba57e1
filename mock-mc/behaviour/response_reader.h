#pragma once

#include "gate/yaml/strict_yaml.h"
#include "mock-mc/behaviour/read_context.h"
#include "mock-mc/behaviour/script.h"

namespace mock_mc {

struct Answer {
  Response response;
  bool has_content = false;  // something besides delay and fault was said
};

// Reads `respond: NAME|{...}` or a response's own fields off a map that may hold other keys too (a
// rule, a turn, a phase); `delay` and `fault` beside `respond` take precedence over the named ones.
Answer ReadAnswer(gate::yaml::MapReader& map, const ReadContext& context);

// The response that `name`, an item of a list, names.
Answer ReadListedAnswer(const gate::yaml::Node& name, const ReadContext& context);

// Complains at `node` if `answer` says too little to be sent.
void RequireContent(const Answer& answer, const gate::yaml::Node& node,
                    gate::yaml::Mistakes& mistakes);

// Reads the fields of a response, without `respond`. Returns true if there were any besides `delay`
// and `fault`.
bool ReadResponseFields(gate::yaml::MapReader& map, Response& response, const ReadContext& context);

}  // namespace mock_mc

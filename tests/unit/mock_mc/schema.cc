#include "tests/unit/mock_mc/schema.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "gate/base/strict_json.h"
#include "gate/yaml/strict_yaml.h"

namespace mock_mc::testing {
namespace {

using gate::Json;

void CollectObjects(const Json& schema, std::set<ScriptSchema::Keys>& objects) {
  if (schema.is_object() && schema.value("additionalProperties", Json()) == Json(false)) {
    ScriptSchema::Keys keys;
    for (const auto& [key, property] : schema.at("properties").items()) keys.insert(key);
    objects.insert(std::move(keys));
  }
  if (!schema.is_structured()) return;
  for (const auto& [key, part] : schema.items()) CollectObjects(part, objects);
}

}  // namespace

struct ScriptSchema::Compiled {
  valijson::Schema schema;
};

const ScriptSchema& ScriptSchema::Get() {
  static const ScriptSchema kSchema;
  return kSchema;
}

ScriptSchema::ScriptSchema() : compiled_(std::make_unique<Compiled>()) {
  std::ostringstream text;
  text << std::ifstream(MOCK_MC_SCHEMA).rdbuf();
  const auto json = gate::ParseStrictJson(text.str());
  if (!json) {
    ADD_FAILURE() << MOCK_MC_SCHEMA << ": " << json.error().message;
    return;
  }
  CollectObjects(*json, objects_);
  valijson::SchemaParser(valijson::SchemaParser::kDraft7)
      .populateSchema(valijson::adapters::NlohmannJsonAdapter(*json), compiled_->schema);
}

ScriptSchema::~ScriptSchema() = default;

std::string ScriptSchema::MistakesIn(std::string_view yaml) const {
  const auto document = gate::yaml::Document::Parse(yaml, "script.yaml");
  if (!document) return document.error().message;
  gate::yaml::Mistakes mistakes;
  const auto json = gate::ParseStrictJson(document->root().ToJsonText(mistakes));
  if (!json) return json.error().message;
  valijson::ValidationResults results;
  valijson::Validator().validate(compiled_->schema, valijson::adapters::NlohmannJsonAdapter(*json),
                                 &results);
  std::string text;
  valijson::ValidationResults::Error error;
  while (results.popError(error)) {
    for (const std::string& step : error.context) text += step;
    text += ": " + error.description +
            "\
";
  }
  return text;
}

bool ScriptSchema::Describes(const std::vector<std::string>& keys) const {
  return objects_.contains(Keys(keys.begin(), keys.end()));
}

}  // namespace mock_mc::testing

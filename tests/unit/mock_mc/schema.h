#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mock_mc::testing {

// docs/mock-mc.schema.json, read once per process.
class ScriptSchema {
 public:
  static const ScriptSchema& Get();
  ~ScriptSchema();

  // What it has against the script `yaml`, one mistake per line; "" if nothing.
  std::string MistakesIn(std::string_view yaml) const;

  using Keys = std::set<std::string>;
  // Whether there is a closed object in it with exactly these keys.
  bool Describes(const std::vector<std::string>& keys) const;

  // The keys of all its closed objects.
  const std::set<Keys>& objects() const { return objects_; }

 private:
  ScriptSchema();
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
  std::set<Keys> objects_;
};

}  // namespace mock_mc::testing

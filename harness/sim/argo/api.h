#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gate/base/result.h"
#include "gate/base/rng.h"
#include "harness/sim/kube/api_server.h"
#include "harness/sim/kube/api_weather.h"
#include "harness/sim/world/world.h"

namespace drill::sim::argo {

// The API server as one of the two controllers reaches it: each call takes some time and may fail
// (ApiWeather), with or without effect. A reconcile happens at one instant; the time of its calls
// is added up and makes its key busy afterwards.
class Api {
 public:
  // `weather` may be null: then nothing fails.
  Api(World& world, ApiServer& server, const ApiWeather* weather, std::string_view concern);

  gate::Result<ObjectPtr> Get(Type type, std::string_view ns, std::string_view name);
  gate::Result<ObjectPtr> Create(Object object);
  gate::Result<ObjectPtr> Update(Object next, WritePart part);
  gate::Result<void> Delete(Type type, std::string_view ns, std::string_view name);

  // A merge patch (RFC 7396) of a part: what differs between the part of `base`, the object as it
  // was read, and `after` is changed in the stored object, whatever else others wrote meanwhile.
  enum class Field { kSpec, kStatus };
  // If nobody else wrote, the object then holds `after` itself.
  gate::Result<ObjectPtr> Patch(const ObjectPtr& base, Field field,
                                std::shared_ptr<const gate::Json> after);

  // How long the calls since the last time took.
  gate::Nanos TakeBusy();

 private:
  // The error that a call meets before it has an effect.
  std::optional<gate::Error> Refusal(CallKind kind);
  // The error that it meets afterwards.
  std::optional<gate::Error> LostAnswer();
  std::optional<gate::Error> Fail(std::optional<gate::Error> error);

  World& world_;
  ApiServer& server_;
  const ApiWeather* const weather_;
  gate::Rng rng_;
  gate::Nanos busy_{0};
};

}  // namespace drill::sim::argo

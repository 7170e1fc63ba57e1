#include "harness/sim/cluster/event_recorder.h"

#include <utility>

namespace drill::sim {

gate::Json EventRecorder::Body(const Object& object, const std::string& reason,
                               const std::string& message, std::int64_t count,
                               const std::string& first_time) const {
  const TypeInfo& info = InfoOf(object.type);
  const WallSeconds now = std::chrono::floor<std::chrono::seconds>(world_.WallNow());
  return {{"involvedObject",
           {{"apiVersion", info.resource.ApiVersion()},
            {"kind", info.kind},
            {"namespace", object.meta.ns},
            {"name", object.meta.name},
            {"uid", object.meta.uid}}},
          {"reason", reason},
          {"message", message},
          {"type", "Warning"},
          {"count", count},
          {"firstTimestamp", first_time.empty() ? FormatSeconds(now) : first_time},
          {"lastTimestamp", FormatSeconds(now)},
          {"source", {{"component", component_}}}};
}

void EventRecorder::Warn(const Object& object, const std::string& reason,
                         const std::string& message) {
  std::string key = object.meta.uid + "/" + reason + "/" + message;
  if (const auto known = written_.find(key); known != written_.end()) {
    if (const ObjectPtr event = server_.Get(Type::kEvent, object.meta.ns, known->second)) {
      Object next = *event;
      const gate::Json& body = RestOf(*event);
      next.rest = Share(Body(object, reason, message, gate::JsonInt(body, "/count") + 1,
                             gate::JsonString(body, "/firstTimestamp")));
      static_cast<void>(server_.Update(component_, std::move(next), WritePart::kMain));
      return;
    }
  }
  Object event{Type::kEvent,
               {},
               nullptr,
               nullptr,
               Share(Body(object, reason, message, /*count=*/1, /*first_time=*/{}))};
  event.meta.ns = object.meta.ns;
  auto created = server_.Create(component_, std::move(event), object.meta.name + ".");
  if (!created) return;
  if (written_.size() >= kRemembered) written_.clear();
  written_[std::move(key)] = (*created)->meta.name;
}

}  // namespace drill::sim

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gate/seams/files.h"
#include "harness/sim/kube/object.h"

namespace drill::sim {

// What a container is started with: everything resolved, as its process finds it.
struct ContainerSpec {
  ObjectPtr pod;  // as the kubelet knew it at the start
  std::string name;
  std::string image;
  std::vector<std::string> command;
  std::vector<std::string> args;
  std::map<std::string, std::string> env;
  // The mounted ConfigMaps and Secrets, as the kubelet keeps them up to date. Stays readable after
  // the pod is gone.
  std::shared_ptr<gate::Files> files;
};

// What a running container tells the kubelet, which reacts after the call, at the same instant.
// Both may be called at any time but from within ContainerRuntime::Start, and from destructors;
// after the container's destruction they do nothing.
struct ContainerEvents {
  std::function<void(int exit_code)> exited;  // once at most
  std::function<void()> readiness_changed;    // Container::ready() answers differently now
};

// A running container. Its destruction is a SIGKILL.
class Container {
 public:
  virtual ~Container() = default;
  // What a readiness probe would find now. Probes happen only after `readiness_changed`, and until
  // the answer has been accepted.
  virtual bool ready() const = 0;
  // SIGTERM: it should exit, soon or after a while; if it does not it is killed when the grace
  // period has passed.
  virtual void Terminate() = 0;
};

// What decides which programs run in the containers.
class ContainerRuntime {
 public:
  virtual ~ContainerRuntime() = default;
  enum class ImageState { kPresent, kMissing };
  virtual ImageState ImageOf(std::string_view image) = 0;
  virtual std::unique_ptr<Container> Start(const ContainerSpec& spec, ContainerEvents events) = 0;
};

}  // namespace drill::sim

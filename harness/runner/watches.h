#pragma once

#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "gate/seams/kube_api.h"
#include "gate/seams/runtime.h"
#include "harness/runner/inbox.h"

namespace drill {

// One watch per resource in one namespace, each a task of the runtime, all feeding one inbox.
class Watches {
 public:
  // `on_retry` hears of errors that are being retried, from the watches' tasks. All references must
  // outlive this object.
  Watches(gate::KubeApi& kube, gate::Runtime& runtime, std::string ns, Inbox& inbox,
          std::function<void(const std::string& trouble)> on_retry)
      : kube_(kube),
        runtime_(runtime),
        ns_(std::move(ns)),
        inbox_(inbox),
        on_retry_(std::move(on_retry)) {}
  ~Watches() { Stop(); }
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  void Start(std::span<const gate::KubeResource> resources, gate::Instant until);

  // Returns when no watch runs any more. May be called again.
  void Stop();

 private:
  void Run(const gate::KubeResource& resource, gate::Instant until);

  gate::KubeApi& kube_;
  gate::Runtime& runtime_;
  const std::string ns_;
  Inbox& inbox_;
  const std::function<void(const std::string&)> on_retry_;
  std::stop_source stop_;
  std::vector<std::unique_ptr<gate::Task>> tasks_;
};

}  // namespace drill

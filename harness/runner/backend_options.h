#pragma once

#include <cstdint>
#include <string>

namespace drill {

// What the command line says about where scenarios are played. Each backend reads its part.
struct BackendOptions {
  std::string backend = "sim";  // sim, kind or cluster
  std::uint64_t seed = 0;       // for everything that draws random numbers
  int jobs = 0;                 // how many stages can exist at the same time

  // kind
  std::string cluster;  // of an existing kind cluster to play on; empty: create one and delete it
  enum class Keep { kNo, kYes };
  Keep keep = Keep::kNo;   // kYes: leave cluster and namespaces for looking at
  std::string node_image;  // for a cluster that is created; empty: kind's default
  std::string argo_version = "v1.10.1";
  std::string argo_manifest;  // a file instead of the release's URL, for sites without network
  std::string argo_image;     // to load into the cluster; empty: pulled by the cluster
  std::string gate_image;     // rollout-gate; empty: built from the binaries next to this program
  std::string serve_image;    // rollout-gate-serve; likewise
  std::string mock_image;     // mock-mc; likewise

  // cluster
  std::string kubeconfig;  // never the ambient one
  std::string context;
};

}  // namespace drill

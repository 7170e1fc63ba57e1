#pragma once

namespace drill::sim {

// Which controller is modelled, where they differ.
enum class ArgoVersion { k1_9, k1_10 };

}  // namespace drill::sim

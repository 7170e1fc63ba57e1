// rollout-gate-override: `rollout-gate override` and `rollout-gate resume` on a real machine.
#include "gate/cli/override_command.h"
#include "gate/machine.h"

int main(int argc, char** argv) {
  gate::Machine machine;
  return gate::cli::RunOverride({argv + 1, argv + argc}, GATE_VERSION, machine);
}

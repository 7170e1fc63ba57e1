// rollout-gate on a real machine.
#include "gate/cli/program.h"
#include "gate/machine.h"

int main(int argc, char** argv) {
  gate::Machine machine;
  return gate::cli::Run({argv + 1, argv + argc}, GATE_VERSION, machine);
}

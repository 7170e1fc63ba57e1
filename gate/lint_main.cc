// rollout-gate lint on a real machine.
#include "gate/cli/lint_command.h"
#include "gate/machine.h"

int main(int argc, char** argv) {
  gate::Machine machine;
  return gate::cli::RunLint({argv + 1, argv + argc}, GATE_VERSION, machine);
}

module rollout-gate/tests/wire/client

go 1.19

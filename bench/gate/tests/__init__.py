"""Self-checks of bench/gate: `bench/peers/self-check`."""

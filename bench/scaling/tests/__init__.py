"""Self-checks of bench/scaling: `bench/peers/self-check`."""

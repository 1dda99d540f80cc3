"""Self-checks of bench/peers: `bench/peers/self-check`."""

"""Self-checks of bench/accuracy: `bench/peers/self-check`."""

"""Test loss of Ramet against its peers on real sets: `bench/accuracy/run`, docs/accuracy.md."""

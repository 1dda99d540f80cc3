"""The speed gate: fails when Ramet has become slower beside LightGBM than it was: `bench/gate/run`."""

"""Training time of Ramet and its peers as one property of the data grows: `bench/scaling/run`, docs/scaling."""

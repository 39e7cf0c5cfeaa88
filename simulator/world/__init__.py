"""The simulated fleet: clusters, images and operations on a virtual clock, without a network."""

"""The simulated world that Daytwo is tested against. Never deployed."""

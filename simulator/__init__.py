"""The simulated world that Daytwo is tested against. It is never deployed."""

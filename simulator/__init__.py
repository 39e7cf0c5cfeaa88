"""The simulated world that Daytwo is tested in; never deployed."""

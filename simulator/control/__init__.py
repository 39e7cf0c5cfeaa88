"""The control API of the simulation: clock, journal, scripted faults, subscribers. Daytwo uses only the clock."""

"""The simulation's control API: clock, journal, scripted faults, subscribers. Daytwo itself uses only the clock."""

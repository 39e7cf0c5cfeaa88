"""The simulation's control API: clock, journal, scripted faults, and subscribers. Daytwo itself uses only the clock."""

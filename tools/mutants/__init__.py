"""`python -m tools.mutants`: changes the code in small ways, and reports the changes that no test notices (docs/adr/0014)."""

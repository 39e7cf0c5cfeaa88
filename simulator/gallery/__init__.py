"""`daytwo gallery`: every message and page in every state, as people see it."""

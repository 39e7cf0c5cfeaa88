"""Every message and page in every state, as people see it: `daytwo gallery`."""

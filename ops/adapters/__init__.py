"""The only importers of SDKs. Each file implements one port."""

"""The only importers of SDKs, besides the chats. Each file implements one port."""

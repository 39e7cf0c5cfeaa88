"""Adapters: apart from the chats, the only code that imports SDKs. Each file implements one port."""

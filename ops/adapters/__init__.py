"""The adapters: each file implements one port. No other code imports SDKs, except the chats."""

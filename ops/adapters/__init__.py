"""The only code that imports SDKs, except for the chats. Each file implements one port."""

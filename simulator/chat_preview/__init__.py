"""Messages as their chats show them, drawn by the renderers of Slack's blocks and of Adaptive Cards in one Node process."""

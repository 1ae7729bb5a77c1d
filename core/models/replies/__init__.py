"""Replies as providers write them: thinking, finish reasons, token usage, contents."""

"""The corpus grows by itself: inputs that reach new code, or break it, are kept."""

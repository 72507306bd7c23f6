"""What became of answers, and why: figures and reasons, kept on this machine."""

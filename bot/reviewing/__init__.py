"""The review queue: what moderators see of it, decide in it, and what Discord shows of that."""

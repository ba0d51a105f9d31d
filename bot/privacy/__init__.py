"""What members are sent of their own data, and how it is erased."""

"""What is served over HTTP beside Discord."""

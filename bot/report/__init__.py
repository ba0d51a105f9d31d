"""The moderators' report: what a server's members made in some days, as a picture and a table."""

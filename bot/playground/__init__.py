"""A local server that speaks Discord's API to an unmodified client, and a page to chat on.

Start at `server.Playground`. `member.Member` acts in it like a person would.
"""

"""What Discord accepts: each module checks one kind of body and notes every mistake.

Discord ignores keys it does not know; the playground refuses them, because in a bot under
development such a key is a misspelt one.
"""

"""A prompt as it is searched for: the same words on every database.

Case, accents and the width of letters make no difference; whatever is neither a letter nor a digit
separates words. The databases' own ideas of words are not asked, since they differ.
"""

import unicodedata

WORD_CHARACTERS = 40
"""Of longer words only the beginning is kept: PostgreSQL refuses the longest."""


def words_of(text: str) -> tuple[str, ...]:
    """The words in their order, as often as they occur."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(one for one in folded if unicodedata.category(one)[0] != "M")
    split = "".join(one if one.isalnum() else " " for one in bare).split()
    return tuple(word[:WORD_CHARACTERS] for word in split)

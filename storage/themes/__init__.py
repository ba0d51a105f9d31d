"""Themes: a contest of clips in a thread, from its opening to its winner.

    entering -> voting -> decided
    entering -> decided              nobody entered
    entering, voting -> cancelled

`phases` moves a theme, `entries` and `votes` are what members do, `posts` is what is left to tell
in Discord, `pot` is the theme's own credits. Every function is one unit of work, or part of one.
"""

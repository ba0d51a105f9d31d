"""`python -m bot doctor`: looks at everything the bot needs and says how to mend what is wrong.

Models and media are examined by a process of its own (`generation.self_check`): this one must
not import torch.
"""

from bot.doctor.examination import examine, run
from bot.doctor.finding import Finding, Verdict, render

__all__ = ["Finding", "Verdict", "examine", "render", "run"]

"""ARC-Challenge: which is the right answer to a question of school science, the hard ones?"""

from w2s_bench.tasks._questions import ARC_CHALLENGE
from w2s_bench.tasks.nlp._multiple_choice import choices

TASK = choices(ARC_CHALLENGE)

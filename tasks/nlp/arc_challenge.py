"""ARC-Challenge: is this the right answer to a question of school science, the hard ones?"""

from w2s_bench.tasks._questions import ARC_CHALLENGE
from w2s_bench.tasks.nlp._multiple_choice import answers

TASK = answers(ARC_CHALLENGE)

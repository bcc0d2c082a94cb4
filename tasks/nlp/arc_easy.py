"""ARC-Easy: is this the right answer to a question of school science, the easy ones?"""

from w2s_bench.tasks._questions import ARC_EASY
from w2s_bench.tasks.nlp._multiple_choice import answers

TASK = answers(ARC_EASY)

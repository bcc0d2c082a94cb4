"""DREAM: is this the right answer to a question about a dialogue?"""

from w2s_bench.tasks._questions import DREAM
from w2s_bench.tasks.nlp._multiple_choice import answers

TASK = answers(DREAM)

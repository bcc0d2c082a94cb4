"""PIQA: is this the right answer to a question how to do something?"""

from w2s_bench.tasks._questions import PIQA
from w2s_bench.tasks.nlp._multiple_choice import answers

TASK = answers(PIQA)

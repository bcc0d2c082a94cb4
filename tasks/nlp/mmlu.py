"""MMLU: is this the right answer to a question of an examination?"""

from w2s_bench.tasks._questions import MMLU
from w2s_bench.tasks.nlp._multiple_choice import answers

TASK = answers(MMLU)

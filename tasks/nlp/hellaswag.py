"""HellaSwag: is this the right answer to a question how a text goes on?"""

from w2s_bench.tasks._questions import HELLASWAG
from w2s_bench.tasks.nlp._multiple_choice import answers

TASK = answers(HELLASWAG)

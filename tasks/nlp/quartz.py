"""QuaRTz: is this the right answer to a question how one quantity follows another?"""

from w2s_bench.tasks._questions import QUARTZ
from w2s_bench.tasks.nlp._multiple_choice import answers

TASK = answers(QUARTZ)

"""SciQ: which is the right answer to a question of school science?"""

from w2s_bench.tasks._questions import SCIQ
from w2s_bench.tasks.nlp._multiple_choice import choices

TASK = choices(SCIQ)

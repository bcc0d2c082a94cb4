"""OpenBookQA: which is the right answer to a question of elementary science?"""

from w2s_bench.tasks._questions import OPENBOOKQA
from w2s_bench.tasks.nlp._multiple_choice import choices

TASK = choices(OPENBOOKQA)

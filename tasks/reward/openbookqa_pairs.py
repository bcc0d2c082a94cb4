"""OpenBookQA: which of two answers to a question of elementary science is the right one?"""

from w2s_bench.tasks._questions import OPENBOOKQA
from w2s_bench.tasks.reward._pairs import pairs

TASK = pairs(OPENBOOKQA)

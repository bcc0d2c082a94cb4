"""CommonsenseQA: which of two answers to a question of common sense is the right one?"""

from w2s_bench.tasks._questions import COMMONSENSE_QA
from w2s_bench.tasks.reward._pairs import pairs

TASK = pairs(COMMONSENSE_QA)

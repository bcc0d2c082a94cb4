"""Social IQa: which of two answers to a question about people is the right one?"""

from w2s_bench.tasks._questions import SOCIAL_IQA
from w2s_bench.tasks.reward._pairs import pairs

TASK = pairs(SOCIAL_IQA)

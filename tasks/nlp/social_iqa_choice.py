"""Social IQa: which is the right answer to a question about people?"""

from w2s_bench.tasks._questions import SOCIAL_IQA
from w2s_bench.tasks.nlp._multiple_choice import choices

TASK = choices(SOCIAL_IQA)

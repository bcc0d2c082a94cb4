"""CommonsenseQA: which is the right answer to a question of common sense?"""

from w2s_bench.tasks._questions import COMMONSENSE_QA
from w2s_bench.tasks.nlp._multiple_choice import choices

TASK = choices(COMMONSENSE_QA)

"""CommonsenseQA: is this the right answer to a question of common sense?"""

from w2s_bench.tasks._questions import COMMONSENSE_QA
from w2s_bench.tasks.nlp._multiple_choice import answers

TASK = answers(COMMONSENSE_QA)

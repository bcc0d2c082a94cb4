"""QuAIL: which is the right answer to a question about a text?"""

from w2s_bench.tasks._questions import QUAIL
from w2s_bench.tasks.nlp._multiple_choice import choices

TASK = choices(QUAIL)

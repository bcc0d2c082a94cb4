"""CosmosQA: which is the right answer to a question about a blog entry?"""

from w2s_bench.tasks._questions import COSMOS_QA
from w2s_bench.tasks.nlp._multiple_choice import choices

TASK = choices(COSMOS_QA)

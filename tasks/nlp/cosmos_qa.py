"""CosmosQA: is this the right answer to a question about a blog entry?"""

from w2s_bench.tasks._questions import COSMOS_QA
from w2s_bench.tasks.nlp._multiple_choice import answers

TASK = answers(COSMOS_QA)

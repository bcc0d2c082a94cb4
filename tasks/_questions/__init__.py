"""Data sets of questions with one right answer among several, read once for all tasks made of them."""

from w2s_bench.tasks._questions.form import CODE, Questions, one_wrong
from w2s_bench.tasks._questions.reading import COSMOS_QA, DREAM, QUAIL, QUARTZ
from w2s_bench.tasks._questions.science import ARC_CHALLENGE, ARC_EASY, MMLU, OPENBOOKQA, SCIQ
from w2s_bench.tasks._questions.sense import COMMONSENSE_QA, HELLASWAG, PIQA, SOCIAL_IQA

__all__ = [
    "ARC_CHALLENGE", "ARC_EASY", "CODE", "COMMONSENSE_QA", "COSMOS_QA", "DREAM", "HELLASWAG", "MMLU",
    "OPENBOOKQA", "PIQA", "QUAIL", "QUARTZ", "SCIQ", "SOCIAL_IQA", "Questions", "one_wrong",
]  # fmt: skip

"""Reference row: the student, naive on the labels of a bag of words, a teacher that knows nothing else."""

from w2s_bench.method import Method, MethodCard


class BowTeacher(Method):
    """Planned from fits that other rows use as well; it has no fit of its own to describe."""

    card = MethodCard(
        title="Bag-of-words teacher",
        paper="none: a control",
        formula="L = CE(w', s), w' of a bag of words that learnt on the teacher half",
        cost="2 fits: the bag of words and the student",
    )
    kind = "reference"


METHOD = BowTeacher

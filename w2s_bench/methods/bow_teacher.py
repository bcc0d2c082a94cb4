"""Reference row. Naive on the labels of a bag-of-words teacher, which knows nothing but words."""

from w2s_bench.methods._control import control

METHOD = control(
    "Bag-of-words teacher",
    __doc__,
    formula="L = CE(w', s), w' of a bag of words trained on the teacher half",
    cost="2 fits: the bag of words and the student",
)

"""The built-in methods, one file each; every file defines ``METHOD``, a subclass of ``Method``.

In: weak labels and whatever else a method declares. Out: a trained student. A method imports
``w2s_bench.method`` and nothing else of the package, so it can reach no data and no gold labels.
"""

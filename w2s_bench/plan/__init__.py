"""From a suite to jobs: which fits to run, in which order, and which fits make each cell.

In: a :class:`w2s_bench.suite.Suite`. Out: a :class:`plan.Plan` whose jobs have content keys, by which a store
knows the finished ones. Nothing is trained here, and data is read only for the keys.
"""

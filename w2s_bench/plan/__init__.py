"""From a suite to jobs: what must be fitted, in an order that can run, and which fits make each cell.

In: a :class:`w2s_bench.suite.Suite`. Out: a :class:`plan.Plan` whose jobs have content keys, so that a store
knows which of them are finished. Nothing is trained here, and no data is read beyond what keys need.
"""

"""From planned jobs to stored scores: the scheduler, executors, worker processes, and scoring.

In: a plan and :class:`RunSettings`. The scheduler starts every unfinished job once its needs are finished; an
executor runs it. Jobs with gold (splits, teachers, ceilings) run in processes that may open the store;
students run in processes that are sent a fit request and open nothing. Out: artifacts in the store under the
jobs' keys, and the scores that :mod:`w2s_bench.run.score` makes of them, the one place where predictions meet
gold.

May import plan, train, store, data, results and the contracts. It imports no task, method or model by name.
"""

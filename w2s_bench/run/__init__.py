"""From planned jobs to stored scores: the scheduler, executors, worker processes, and scoring.

In: a plan and :class:`RunSettings`. The scheduler starts each unfinished job when the jobs that it needs are
finished; an executor runs it. Splits, teachers and ceilings run in processes that may open the store;
students run in processes that get a fit request and open nothing. Out: artifacts in the store, and scores by
:mod:`w2s_bench.run.score`, the only module that compares predictions with gold.

May import plan, train, store, data, results and the contracts. It imports no task, method or model by name.
"""

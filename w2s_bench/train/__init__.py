"""From a fit request to predictions: one call, :func:`w2s_bench.train.fit.fit`, for every kind of fit.

In: a :class:`FitRequest` with items, labels, a model's name, a method and training settings. Teachers and
ceilings get gold labels in it, students get weak labels; nothing else differs. Out: a :class:`FitResult` with
probabilities for the parts that were asked for, ready to be stored under the job's key.

May import the contracts (task, method, model, student, suite, records, errors, metrics). It opens no store,
draws no split and computes no score, because methods run in processes that hold nothing else.
"""

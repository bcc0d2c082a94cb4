"""The zoo's builders: families of small models that this project pretrains itself and ships.

``families.py`` lists the members, ``build.py`` makes them again from nothing, ``scaling.py`` draws
their losses; ``w2s-bench zoo`` is the way in. What ships is read by ``w2s_bench.models.zoo``.
"""

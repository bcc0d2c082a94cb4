"""Builders of the zoo: families of small models that this project pretrains itself.

The weights are not shipped yet; these modules make them: ``python -m w2s_bench.zoo.text`` and
``python -m w2s_bench.zoo.chess``.
"""

"""The command line: words in, calls of the other rooms, text or one JSON document out.

One file holds one verb, or one group of verbs; :mod:`~w2s_bench.cli.main` puts them together. May import
every room. A verb imports what it needs when it runs, so that ``--help`` stays fast.
"""

"""One door for tasks, methods, models and suites, ours and everybody else's.

In: entry points of installed packages, and files named on the command line. Out: items by name, the objects
they define, and the hash of their code for content keys. Imports: errors alone.
"""

"""The registry of tasks, methods, models and suites, built-in and from plug-ins or files.

It finds items by name through the entry points of installed packages and through paths of files, imports
them, and hashes their code for content keys.
"""

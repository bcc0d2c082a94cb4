"""Groups of verbs of the command line, and the options that verbs share."""

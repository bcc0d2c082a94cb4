"""Search for good options of methods on weak labels alone: space, trials, selection, records."""

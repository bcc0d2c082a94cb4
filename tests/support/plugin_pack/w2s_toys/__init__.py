"""A plug-in: toys for the tests of w2s-bench."""

"""Bundles: what a run hands in, and how it is scored again by somebody who trusts none of it."""

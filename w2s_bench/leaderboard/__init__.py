"""Leaderboards: append-only folders of bundles, their entries, reruns, and the site made of them."""

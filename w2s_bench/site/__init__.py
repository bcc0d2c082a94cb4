"""The pages of leaderboards: static files that need no server and ask no host for anything."""

"""The pages and downloads of the leaderboards' site."""

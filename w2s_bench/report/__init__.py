"""Reports: tables, figures, HTML and leaderboard entries, from the folder of a finished run alone."""

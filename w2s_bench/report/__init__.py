"""From records to tables, curves and leaderboard entries; reads a run's folder and cannot start one."""

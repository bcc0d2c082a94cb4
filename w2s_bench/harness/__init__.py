"""From a suite to finished records: plan the jobs, run each once, collect the scores."""

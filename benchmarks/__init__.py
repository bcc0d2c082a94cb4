"""The shipped suites, one TOML file each, and the studies and builders behind them."""

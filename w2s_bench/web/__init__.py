"""HTML pages: shared style, tables that sort and filter, charts, and the Vega bundle."""

"""Makes clips. Knows neither Discord nor SQL."""

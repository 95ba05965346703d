"""Which rows answer a query: exact and approximate search under guards, filters and facts."""

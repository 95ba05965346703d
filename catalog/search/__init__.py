"""Search in titles: word forms, synonyms and spelling, by the search of each database."""

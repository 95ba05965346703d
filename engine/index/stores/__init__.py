"""Where the rows of generations are kept and how their neighbours are found: Annoy's files."""

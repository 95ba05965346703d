"""Where the rows of generations are kept and their neighbours found: Annoy's files, or pgvector."""

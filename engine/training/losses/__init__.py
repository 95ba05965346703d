"""The maths of the triplet stage: distances, miners and losses over embeddings."""

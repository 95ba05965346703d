"""From a cosine to the probability that two products are alike."""

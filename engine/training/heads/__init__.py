"""New facet heads on the features of a frozen tower: minutes on a CPU."""

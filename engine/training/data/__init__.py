"""The input of training: photos, labels, augmented views, batches and the initial model."""

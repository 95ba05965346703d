"""What a training step reads: photos, labels, views, batches and the model to start from."""

"""What an embedding answers beside panels, in the evaluation report."""

"""What visitors did with panels, and what a shop learns from it."""

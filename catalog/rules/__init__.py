"""What a merchandiser says of the panel: pins, blocks, boosts, and when they hold."""

"""What embeds photos: this process with decoding processes, or the machines of a Ray cluster."""

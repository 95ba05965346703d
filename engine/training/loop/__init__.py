"""The training loop and its parts: objective, schedule, mining rounds and checkpoints."""

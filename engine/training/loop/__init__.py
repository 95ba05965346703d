"""The training loop and what it calls: objective, schedule, mining rounds and checkpoints."""

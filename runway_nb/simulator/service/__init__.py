"""What the simulated service knows and does: accounts, assets, tasks, time and faults."""

"""What it all means together: the model of what will run in production."""

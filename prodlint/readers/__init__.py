"""What each deployment file declares: one module per system."""

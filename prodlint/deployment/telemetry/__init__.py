"""What production tells of itself: logs, errors, numbers, health."""

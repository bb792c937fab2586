"""What an image holds: its base, the files that are copied, the packages that are installed."""

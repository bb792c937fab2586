"""What package managers install, and from which files: requirements, locks, projects."""

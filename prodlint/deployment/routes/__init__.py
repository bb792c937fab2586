"""The paths that an app answers, with their prefixes, for each framework."""

"""The variables of the environment: who sets one, who reads one, which of them are secrets."""

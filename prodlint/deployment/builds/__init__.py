"""The images that this repository builds: what they are called, which are pushed, and what runs them."""

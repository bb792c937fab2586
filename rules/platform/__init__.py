"""Does the platform's contract match the service?"""

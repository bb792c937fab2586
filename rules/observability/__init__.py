"""Will someone know, and be able to see why?"""

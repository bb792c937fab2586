"""Will the same code install the same way?"""

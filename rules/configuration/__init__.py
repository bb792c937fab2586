"""Does a production service run with the settings that production needs?"""

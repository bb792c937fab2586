"""Does a production server run the right app, bound where traffic arrives?"""

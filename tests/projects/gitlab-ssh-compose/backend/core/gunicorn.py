bind = "0.0.0.0:8000"
workers = 3
threads = 4
timeout = 60
accesslog = "-"

project = "Flask-Shield"
extensions = ["sphinx.ext.autodoc"]
html_theme = "furo"

import os

from flask import Flask, render_template_string
from werkzeug.middleware.proxy_fix import ProxyFix

from billing import invoices

app = Flask(__name__)
app.secret_key = os.environ["SECRET_KEY"]
app.wsgi_app = ProxyFix(app.wsgi_app)


@app.get("/customers/<customer>")
def customer(customer):
    return render_template_string("{{ invoices }}", invoices=invoices(customer))

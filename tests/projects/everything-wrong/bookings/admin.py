from flask import Flask

app = Flask("admin")

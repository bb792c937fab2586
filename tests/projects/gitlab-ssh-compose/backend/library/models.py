from django.db import models


class Loan(models.Model):
    book = models.CharField(max_length=200)
    due = models.DateField()

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel(
            "Loan",
            [
                ("id", models.AutoField(primary_key=True)),
                ("book", models.CharField(max_length=200)),
                ("due", models.DateField()),
            ],
        )
    ]

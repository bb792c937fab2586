from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("posts", "0001_initial")]
    operations = [migrations.AddField("post", "body", models.TextField(blank=True, default=""))]

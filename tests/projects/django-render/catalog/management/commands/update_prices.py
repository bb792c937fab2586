from django.core.management.base import BaseCommand

from catalog.models import Item


class Command(BaseCommand):
    def handle(self, *args, **options):
        self.stdout.write(f"{Item.objects.count()} items")

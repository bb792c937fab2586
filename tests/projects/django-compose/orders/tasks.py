from celery import shared_task
from django.core.mail import send_mail

from .models import Order


@shared_task
def confirm(order_id):
    order = Order.objects.get(pk=order_id)
    send_mail("Your order", "Thank you.", None, [order.email])

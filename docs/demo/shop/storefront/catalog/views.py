from django.http import HttpRequest, JsonResponse

from catalog.models import Product


def products(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"products": list(Product.objects.values("name", "price", "stock"))})

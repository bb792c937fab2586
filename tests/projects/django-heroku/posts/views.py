from django.http import JsonResponse

from .models import Post


def index(request):
    return JsonResponse({"posts": list(Post.objects.values_list("title", flat=True))})

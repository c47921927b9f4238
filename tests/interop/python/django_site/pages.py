"""The app's addresses."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from django.utils.html import format_html
from people import Silent


def home(request):
    user = request.user
    state = f"signed in as {user.first_name}" if user.is_authenticated else "signed out"
    why = request.GET.get("why", "")
    page = '<p id="state">{}</p><p id="why">{}</p>'
    return HttpResponse(format_html(page, state, why))


urlpatterns = [
    path("", home),
    # <settings>
    path("oidc/", include("mozilla_django_oidc.urls")),
    path("login", lambda request: redirect("oidc_authentication_init")),
    path("silent", Silent.as_view()),
    path("logout", lambda request: redirect("oidc_logout")),
    # </settings>
]

"""An app with a server on Django and mozilla-django-oidc."""

import os
import tempfile

import django
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from werkzeug.serving import make_server

ISSUER, PORT = os.environ["ISSUER"], os.environ["PORT"]
CLIENT_ID, CLIENT_SECRET = os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]

# <settings: settings.py>
OIDC = dict(
    AUTHENTICATION_BACKENDS=["django_app.People"],
    OIDC_RP_CLIENT_ID=CLIENT_ID,
    OIDC_RP_CLIENT_SECRET=CLIENT_SECRET,
    # The library reads no discovery document.
    OIDC_OP_AUTHORIZATION_ENDPOINT=f"{ISSUER}/oauth2/authorize",
    OIDC_OP_TOKEN_ENDPOINT=f"{ISSUER}/oauth2/token",
    OIDC_OP_USER_ENDPOINT=f"{ISSUER}/oauth2/userinfo",
    OIDC_OP_JWKS_ENDPOINT=f"{ISSUER}/oauth2/jwks",
    OIDC_RP_SIGN_ALGO="RS256",
    OIDC_RP_SCOPES="openid profile email",
    # Off unless it is set.
    OIDC_USE_PKCE=True,
    OIDC_CALLBACK_CLASS="django_app.Callback",
    # How often it asks silently whether the session is still there, in seconds.
    OIDC_RENEW_ID_TOKEN_EXPIRY_SECONDS=3,
    # Kept for the sign-out.
    OIDC_STORE_ID_TOKEN=True,
    OIDC_OP_LOGOUT_URL_METHOD="django_app.logout_address",
    ALLOW_LOGOUT_GET_METHOD=True,
    LOGIN_REDIRECT_URL="/",
    LOGOUT_REDIRECT_URL="/",
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        # After both: it asks.
        "mozilla_django_oidc.middleware.SessionRefresh",
    ],
)
# </settings>

settings.configure(
    **OIDC,
    SECRET_KEY="a long text that nobody knows",
    ALLOWED_HOSTS=["localhost"],
    ROOT_URLCONF="django_app",
    SESSION_COOKIE_NAME=f"django-{PORT}",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.path.join(tempfile.mkdtemp(), "people.db"),
        }
    },
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "mozilla_django_oidc",
    ],
)
# The settings name what is below.
if __name__ == "__main__":
    import sys

    sys.modules["django_app"] = sys.modules["__main__"]
    django.setup()

# <settings: people.py>
from urllib.parse import urlencode

from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.views import (
    OIDCAuthenticationCallbackView,
    OIDCAuthenticationRequestView,
)


class People(OIDCAuthenticationBackend):
    """People by their `sub`: names and addresses change hands. The default is by address."""

    def filter_users_by_claims(self, claims):
        return self.UserModel.objects.filter(username=claims["sub"])

    def create_user(self, claims):
        user = self.UserModel.objects.create_user(claims["sub"])
        return self.update_user(user, claims)

    def update_user(self, user, claims):
        user.email = claims["email"]
        user.first_name = claims["preferred_username"]
        user.save()
        return user


class Silent(OIDCAuthenticationRequestView):
    """Asks without a page."""

    def get_extra_params(self, request):
        return {**super().get_extra_params(request), "prompt": "none"}


class Callback(OIDCAuthenticationCallbackView):
    """Says why a sign-in was refused."""

    @property
    def failure_url(self):
        return "/?" + urlencode({"why": self.request.GET.get("error", "no sign-in")})


def logout_address(request):
    """Signs out at Lanyard too."""
    return f"{ISSUER}/oauth2/logout?" + urlencode(
        {
            "id_token_hint": request.session["oidc_id_token"],
            "post_logout_redirect_uri": request.build_absolute_uri("/"),
        }
    )
# </settings>


def home(request):
    user = request.user
    state = f"signed in as {user.first_name}" if user.is_authenticated else "signed out"
    why = request.GET.get("why", "")
    known = why if why in ("", "login_required", "interaction_required") else "refused"
    return HttpResponse(f'<p id="state">{state}</p><p id="why">{known}</p>')


urlpatterns = [
    path("", home),
    path("silent", Silent.as_view()),
    path("login", lambda request: redirect("oidc_authentication_init")),
    path("logout", lambda request: redirect("oidc_logout")),
    path("oidc/", include("mozilla_django_oidc.urls")),
]

if __name__ == "__main__":
    from django.core.wsgi import get_wsgi_application

    call_command("migrate", verbosity=0)
    server = make_server("127.0.0.1", int(PORT), get_wsgi_application(), threaded=True)
    print("ready", flush=True)
    server.serve_forever()

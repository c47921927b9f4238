"""People, as Lanyard knows them."""

# <settings>
from urllib.parse import urlencode

from django.conf import settings
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
    return f"{settings.ISSUER}/oauth2/logout?" + urlencode(
        {
            "id_token_hint": request.session["oidc_id_token"],
            "post_logout_redirect_uri": request.build_absolute_uri("/"),
        }
    )


# </settings>

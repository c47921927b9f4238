import os
import tempfile

PORT = os.environ["PORT"]

SECRET_KEY = "a long text that nobody knows"
ALLOWED_HOSTS = ["localhost"]
ROOT_URLCONF = "pages"
SESSION_COOKIE_NAME = f"django-{PORT}"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.path.join(tempfile.mkdtemp(), "people.db"),
    }
}

# <settings>
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "mozilla_django_oidc",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # After both: it asks silently whether the session is still there.
    "mozilla_django_oidc.middleware.SessionRefresh",
]
AUTHENTICATION_BACKENDS = ["people.People"]
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

ISSUER = os.environ["ISSUER"]
OIDC_RP_CLIENT_ID = os.environ["CLIENT_ID"]
OIDC_RP_CLIENT_SECRET = os.environ["CLIENT_SECRET"]
# The library reads no discovery document.
OIDC_OP_AUTHORIZATION_ENDPOINT = f"{ISSUER}/oauth2/authorize"
OIDC_OP_TOKEN_ENDPOINT = f"{ISSUER}/oauth2/token"
OIDC_OP_USER_ENDPOINT = f"{ISSUER}/oauth2/userinfo"
OIDC_OP_JWKS_ENDPOINT = f"{ISSUER}/oauth2/jwks"
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_RP_SCOPES = "openid profile email"
# Off unless it is set.
OIDC_USE_PKCE = True
# How often it asks, in seconds.
OIDC_RENEW_ID_TOKEN_EXPIRY_SECONDS = 3
# Kept for the sign-out.
OIDC_STORE_ID_TOKEN = True
OIDC_OP_LOGOUT_URL_METHOD = "people.logout_address"
OIDC_CALLBACK_CLASS = "people.Callback"
ALLOW_LOGOUT_GET_METHOD = True
# </settings>

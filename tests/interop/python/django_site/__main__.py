"""An app with a server on Django and mozilla-django-oidc."""

import os

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from werkzeug.serving import make_server

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
application = get_wsgi_application()
call_command("migrate", verbosity=0)
server = make_server("127.0.0.1", int(os.environ["PORT"]), application, threaded=True)
print("ready", flush=True)
server.serve_forever()

"""An app with a server on Flask and Authlib."""

import os
import secrets

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, abort, jsonify, redirect, session
from markupsafe import escape
from werkzeug.serving import make_server

ISSUER, PORT = os.environ["ISSUER"], os.environ["PORT"]
CLIENT_ID, CLIENT_SECRET = os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]
HOME = f"http://localhost:{PORT}/"

# <settings>
app = Flask(__name__)
# It signs the cookie: a long text that nobody knows.
app.secret_key = "a long text that nobody knows"
app.config["SESSION_COOKIE_NAME"] = f"authlib-{PORT}"
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
# The cookie is too small for tokens, and can be read.
people = {}

oauth = OAuth(app)
oauth.register(
    "lanyard",
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET,
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={
        "scope": "openid profile email",
        # Off unless it is set.
        "code_challenge_method": "S256",
    },
)


@app.get("/login")
def login():
    return oauth.lanyard.authorize_redirect(f"{HOME}callback")


@app.get("/silent")
def silent():
    return oauth.lanyard.authorize_redirect(f"{HOME}callback", prompt="none")


@app.get("/callback")
def callback():
    people.pop(session.get("id"), None)
    try:
        token = oauth.lanyard.authorize_access_token()
    except OAuthError as refusal:
        # Whoever asked silently and is refused is signed out.
        session.clear()
        session["why"] = refusal.error
        return redirect("/")
    # Names are not in the ID token: ask for them once.
    person = oauth.lanyard.userinfo(token=token)
    session.clear()
    session["id"] = secrets.token_urlsafe()
    people[session["id"]] = {"token": token, "name": person["preferred_username"]}
    return redirect("/")


def signed_in():
    return people.get(session.get("id")) or abort(401)


@app.get("/refresh")
def refresh():
    token = signed_in()["token"]
    try:
        fresh = oauth.lanyard.fetch_access_token(
            grant_type="refresh_token",
            refresh_token=token["refresh_token"],
        )
    except OAuthError as refusal:
        # The session has ended.
        if refusal.error == "invalid_grant":
            people.pop(session.pop("id"))
        return jsonify(error=refusal.error)
    token.update(fresh)
    return jsonify(refreshed=True)


@app.get("/introspect")
def introspect():
    answer = OAuth2Session(CLIENT_ID, CLIENT_SECRET).introspect_token(
        oauth.lanyard.load_server_metadata()["introspection_endpoint"],
        token=signed_in()["token"]["access_token"],
    )
    answer.raise_for_status()
    # The session has ended. A token that has run out looks the same: refresh before that.
    if not answer.json()["active"]:
        people.pop(session.pop("id"))
    return jsonify(answer.json())


@app.get("/logout")
def logout():
    person = people.pop(session.pop("id", None), None)
    if person is None:
        return redirect("/")
    return oauth.lanyard.logout_redirect(
        post_logout_redirect_uri=HOME,
        id_token_hint=person["token"]["id_token"],
    )


# </settings>


@app.get("/")
def home():
    person = people.get(session.get("id"))
    state = f"signed in as {person['name']}" if person else "signed out"
    why = session.pop("why", "")
    return f'<p id="state">{escape(state)}</p><p id="why">{escape(why)}</p>'


server = make_server("127.0.0.1", int(PORT), app, threaded=True)
print("ready", flush=True)
server.serve_forever()

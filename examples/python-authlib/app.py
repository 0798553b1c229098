"""A Flask application that guests sign in to, with Authlib."""

import os
from urllib.parse import urlencode

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, render_template_string, request, session, url_for

PORT = os.environ.get("PORT", "3015")
ORIGIN = f"http://127.0.0.1:{PORT}"
ISSUER = os.environ.get("ISSUER", "http://127.0.0.1:3000/fabrikam/v2.0")

app = Flask(__name__)
app.secret_key = os.environ.get("SESSION_SECRET", "another-secret-for-loopback-only")
# Cookies do not know ports: Flask's usual name would be shared with every other one on this machine.
app.config.update(SESSION_COOKIE_NAME="example-authlib", SESSION_COOKIE_SAMESITE="Lax")

# #region register
oauth = OAuth(app)
guestpass = oauth.register(
    "guestpass",
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_id="example-authlib",
    client_secret=os.environ.get("CLIENT_SECRET", "example-secret-for-loopback-only"),
    # Guestpass takes nobody without PKCE, and Authlib has it off.
    client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256"},
)
# #endregion

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Flask</title>
<link rel="icon" href="data:,"><h1>Flask</h1>
{% if guest %}<p>Signed in as <b id="who">{{ guest.email }}</b></p>
<pre id="claims">{{ guest | tojson(2) }}</pre>
<form method="post" action="/sign-out"><button>Sign out</button></form>
{% else %}{% if error %}<p id="error">{{ error }}</p>{% endif %}<a href="/sign-in">Sign in</a>{% endif %}"""


@app.get("/")
def home():
    return render_template_string(PAGE, guest=session.get("guest"), error=request.args.get("error"))


# #region sign-in
@app.get("/sign-in")
def sign_in():
    return guestpass.authorize_redirect(f"{ORIGIN}/callback")


@app.get("/callback")
def callback():
    try:
        tokens = guestpass.authorize_access_token()
    except OAuthError as error:
        # Such as access_denied, when the guest turned back.
        return redirect(url_for("home", error=error.error))
    session.clear()
    # Signature, issuer, audience, time and nonce are checked. Your user is iss and sub.
    session["guest"] = dict(tokens["userinfo"])
    return redirect("/")


# #endregion


@app.post("/sign-out")
def sign_out():
    session.clear()
    end = guestpass.load_server_metadata()["end_session_endpoint"]
    back = {"client_id": guestpass.client_id, "post_logout_redirect_uri": f"{ORIGIN}/"}
    return redirect(f"{end}?{urlencode(back)}")

"""The app factory: the one place that knows every page and route."""

from datetime import timedelta

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from catalog.products.catalogue import Catalogue
from engine.recommendation.recommender import Recommender
from web.answering import visitors
from web.api import events, health, keys, rates, reference, routes, webhooks
from web.app import assets, problems, security, thumbnails
from web.app.context import Shop, attach
from web.app.settings import WebSettings
from web.pages import display, page_context, report, storefront, wishlist_page

SHOWN = (
    storefront, wishlist_page, thumbnails, routes, events, reference, report, visitors, health,
    webhooks,
)  # fmt: skip


def create_app(
    settings: WebSettings | None = None,
    *,
    catalogue: Catalogue | None = None,
    recommender: Recommender | None = None,
) -> Flask:
    """Build the storefront; any WSGI server can run it (``gunicorn 'web:create_app()'``).

    Nothing is opened yet: the catalogue and the index are, at the first request that needs them.

    Raises:
        web.app.errors.SettingsError: the key that signs wishlists can't be kept, or the experiment
            makes no sense.
    """
    settings = settings or WebSettings()
    app = Flask("web")  # where templates and static files lie
    configure(app, settings)
    attach(app, Shop(settings, catalogue=catalogue, recommender=recommender))
    security.register(app, https=settings.secure_cookies)
    for module in (display, assets, page_context, problems, rates, keys, visitors):
        module.register(app)
    for module in SHOWN:
        app.register_blueprint(module.blueprint)
    csrf = CSRFProtect(app)
    for module in (routes, events, webhooks):
        csrf.exempt(module.blueprint)  # they know no cookie that could be misused
    return app


def configure(app: Flask, settings: WebSettings) -> None:
    """Set Flask's own settings from ours."""
    app.config.update(
        SECRET_KEY=settings.signing_key(),
        SESSION_COOKIE_NAME="lookalike",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(days=365),
        MAX_CONTENT_LENGTH=settings.upload_bytes,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=365),
        WTF_CSRF_TIME_LIMIT=None,  # a form may stay open as long as its session lives
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    app.url_map.merge_slashes = False  # a product id may hold two slashes in a row
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if settings.proxies:
        count = settings.proxies
        # Flask documents this assignment; mypy knows no method that is replaced.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]

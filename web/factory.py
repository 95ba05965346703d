"""The app factory: registers all pages, routes and handlers."""

from datetime import timedelta

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from catalog.products.catalogue import Catalogue
from engine.recommendation.recommender import Recommender
from web.answering import repeats, visitors
from web.api import cross_origin, events, health, keys, reference, routes, webhooks
from web.api.searches import identity, words
from web.app import assets, error_handlers, rate_limits, security, thumbnails
from web.app.context import Shop, attach
from web.app.links import ProductIdConverter
from web.app.responses import compression
from web.app.settings import WebSettings
from web.desk import (
    comparison,
    duplicates,
    gaps,
    numbers,
    overview,
    proposals,
    room,
    rules,
    settings_page,
)
from web.kit import recommendations
from web.kit import routes as kit
from web.map import map_links, map_page
from web.monitoring import json_logs, metrics, request_ids
from web.pages import display, grid, page_context, photo_search, product, report, wishlist
from web.styles import style_api, style_links, style_pages

WITH_ROUTES = (
    grid, style_pages, map_page, product, kit, photo_search, wishlist, report, thumbnails, visitors,
    routes, style_api, words, identity, recommendations, events, reference, health, webhooks,
    room, metrics,
)  # fmt: skip
DESK = (
    overview,
    rules,
    comparison,
    duplicates,
    proposals,
    gaps,
    numbers,
    settings_page,
)  # they add their pages to its room
WITH_HANDLERS = (
    cross_origin, display, assets, page_context, error_handlers, rate_limits, keys, visitors,
    style_links, map_links,
)  # fmt: skip
WITHOUT_COOKIES = (routes, words, identity, events, webhooks, style_api)


def create_app(
    settings: WebSettings | None = None,
    *,
    catalogue: Catalogue | None = None,
    recommender: Recommender | None = None,
) -> Flask:
    """Build the WSGI app; any WSGI server can run it (``gunicorn 'web:create_app()'``).

    The catalogue and the index are opened by the first request that needs them.

    Args:
        settings: those of the environment by default.
        catalogue: an open catalogue to use instead of the home's.
        recommender: an open recommender to use instead of the home's.

    Raises:
        web.app.errors.SettingsError: the key that signs cookies cannot be stored, or the
            experiment is invalid.
        catalog.errors.DatabaseError: that key is in PostgreSQL, which cannot be reached.

    Example:
        >>> from web import create_app
        >>> client = create_app().test_client()
        >>> panel = client.get("/api/v1/products/LK000002/similar?k=3").get_json()
        >>> len(panel["results"])
        3
    """
    settings = settings or WebSettings()
    app = Flask("web")  # the package with templates and static files
    shop = Shop(settings, catalogue=catalogue, recommender=recommender)
    attach(app, shop)
    repeats.register(app, shop)  # before what a proxy says of a request is read, outside of it
    configure(app, settings, shop.signing_key)
    compression.register(app)
    if settings.log_format == "json":
        json_logs.use_json()
        json_logs.register(app)
    request_ids.register(app)
    metrics.register(app, shop)
    security.register(app, https=settings.secure_cookies, origins=settings.allowed_origins)
    for module in WITH_HANDLERS:
        module.register(app)
    for module in WITH_ROUTES:
        app.register_blueprint(module.blueprint)
    csrf = CSRFProtect(app)
    for module in WITHOUT_COOKIES:  # there is no cookie that a forged request could misuse
        csrf.exempt(module.blueprint)
    return app


def configure(app: Flask, settings: WebSettings, signing_key: str) -> None:
    """Set Flask's configuration from our settings."""
    app.config.update(
        SECRET_KEY=signing_key,
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
    if isinstance(app.json, DefaultJSONProvider):
        app.json.sort_keys = False
    app.url_map.merge_slashes = False  # a product id may contain two slashes in a row
    app.url_map.converters["product_id"] = ProductIdConverter
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    count = settings.proxies
    trusting = ProxyFix(
        security.PlainAddress(app.wsgi_app),
        x_for=count,
        x_proto=count,
        x_host=count,
        x_prefix=count if settings.proxy_prefix else 0,
    )
    # Flask documents this assignment, but mypy refuses to replace a method.
    app.wsgi_app = trusting  # type: ignore[method-assign]

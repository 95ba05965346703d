"""The storefront and the JSON API: how people and shops see what looks alike."""

from web.app.settings import WebSettings
from web.factory import create_app

__all__ = ["WebSettings", "create_app"]

"""The storefront and the JSON API: similar items for visitors and for shops."""

from web.app.settings import WebSettings
from web.factory import create_app

__all__ = ["WebSettings", "create_app"]

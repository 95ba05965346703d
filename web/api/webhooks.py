"""``POST /webhooks/shopify``: puts Shopify's webhooks into the queue, if their signature is valid.

The signature covers the raw bytes, so nothing is parsed before it has been checked. Payloads are
applied later, by `catalog.hooks`: Shopify waits only five seconds for a response.
"""

import base64
import hashlib
import hmac
import re

from flask import Blueprint, Response, jsonify, request

from catalog.hooks.payload import TOPICS, moment_of
from catalog.hooks.queue import Delivery
from web.app.context import shop
from web.app.errors import BadHook

blueprint = Blueprint("webhooks", __name__)

MAX_BYTES = 10_000_000  # a product may have 2,048 variants and 250 photos
ID = re.compile(r"[\x21-\x7e]{1,200}")
OFF = "Webhooks are off. Set LOOKALIKE_SHOPIFY_SECRET to the secret that Shopify signs them with."
BAD_SIGNATURE = (
    "X-Shopify-Hmac-Sha256 is not the signature of this body. Check LOOKALIKE_SHOPIFY_SECRET, and "
    "that no proxy changes the body."
)


@blueprint.post("/webhooks/shopify")
def take() -> Response:
    """Queue a delivery; a repeated one is acknowledged and ignored."""
    secret = shop().settings.shopify_secret
    if secret is None:
        raise BadHook(404, "hooks-off", OFF)
    request.max_content_length = MAX_BYTES
    body = request.get_data(cache=False)
    signature = request.headers.get("X-Shopify-Hmac-Sha256", "")
    if not is_signed(body, signature, secret.get_secret_value()):
        raise BadHook(401, "bad-signature", BAD_SIGNATURE)
    topic = request.headers.get("X-Shopify-Topic", "")
    if topic not in TOPICS:
        known = ", ".join(TOPICS)
        raise BadHook(400, "unknown-topic", f"X-Shopify-Topic must be one of {known}.")
    delivery = Delivery(
        webhook_id=id_of(topic, body),
        topic=topic,
        body=body,
        triggered_at=moment_of(request.headers.get("X-Shopify-Triggered-At")),
    )
    hooks = shop().hooks
    taken = hooks.put(delivery, hooks.now())
    if taken:
        shop().applier.wake()
    response = jsonify(taken=taken)
    response.headers["Cache-Control"] = "no-store"
    return response


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Whether a base64 signature is the HMAC-SHA256 of a body under the secret."""
    expected = base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256))
    return hmac.compare_digest(signature.encode("utf-8", "surrogateescape"), expected)


def id_of(topic: str, body: bytes) -> str:
    """The delivery's id; without a valid one, a digest of topic and body."""
    sent = request.headers.get("X-Shopify-Webhook-Id", "")
    if ID.fullmatch(sent):
        return sent
    return f"sha256-{hashlib.sha256(topic.encode() + body).hexdigest()}"

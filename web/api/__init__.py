"""The JSON API under ``/api/v1``, its OpenAPI document, ``/healthz`` and the webhooks."""

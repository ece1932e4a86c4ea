"""The storefront and the admin side: web pages over the public API."""

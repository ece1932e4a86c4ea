"""The commands, one module each; ``apps.cli`` joins them."""

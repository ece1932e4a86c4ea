"""run, and the services as processes of their own."""

import rich_click as click

from apps.access import settle_access
from apps.bootstrap import Part
from apps.commands.common import (
    command_settings,
    examples,
    require_system,
    run_async,
    said_plainly,
)
from apps.run import run_services
from apps.services import SERVICES, Service
from apps.settings import Settings

__all__ = ["monitor", "orders", "products", "run", "storefront"]


@click.command(
    epilog=examples(
        "python -m apps run",
        "DATA_DIR=/tmp/shop ORDERS_PORT=0 PRODUCTS_PORT=0 python -m apps run",
        "HOST=0.0.0.0 ACCESS_TOKEN_SECRET=... python -m apps run",
    )
)
@said_plainly
def run() -> None:
    """Run the whole system in one process.

    It prints the addresses when all of it answers, and Ctrl-C stops it cleanly: what was
    accepted is stored, and the next run goes on where this one stopped. An empty shop is
    filled with the sample catalogue. On a loopback HOST it is a demo: it makes a secret of its
    own and gives tokens to anybody at this machine. An address such as STOREFRONT_URL that is
    not this machine's makes it none.
    """
    settings = settle_access(command_settings(), demo_by_default=True)
    run_async(run_services(settings, list(SERVICES.values()), say=click.echo, seed_empty_shop=True))


def _service_settings() -> Settings:
    return settle_access(command_settings(), demo_by_default=False)


def _onlooker_settings() -> Settings:
    """Return the settings of a system that is there; the demo beside us has made its secret."""
    settings = command_settings()
    require_system(settings)
    embedded = settings.event_log == "embedded"
    return settle_access(settings, demo_by_default=embedded, make_secret=False)


def _service_command(service: Service) -> click.Command:
    @said_plainly
    def start() -> None:
        settings = _onlooker_settings() if service.only_looks else _service_settings()
        runs_log = Part.LOG in service.parts and not service.only_looks
        if runs_log and settings.event_log == "embedded":
            click.echo(
                "EVENT_LOG=embedded lives in one process: no other service can join this one. "
                "`run` starts them all; EVENT_LOG=kafka lets each be a process of its own.",
                err=True,
            )
        run_async(run_services(settings, [service], say=click.echo))

    start.__doc__ = f"""Run the {service.name} service alone, as its own process.

    It listens on {service.port_setting} and needs ACCESS_TOKEN_SECRET, the same for every service.
    """
    example = f"EVENT_LOG=kafka STORE=mongodb ACCESS_TOKEN_SECRET=... python -m apps {service.name}"
    return click.command(service.name, epilog=examples(example))(start)


orders = _service_command(SERVICES["orders"])
products = _service_command(SERVICES["products"])
storefront = _service_command(SERVICES["storefront"])
monitor = _service_command(SERVICES["monitor"])

"""run, and the services as processes of their own."""

import rich_click as click

from apps.access import settle_access
from apps.commands.common import command_settings, examples, run_async, said_plainly
from apps.run import run_services
from apps.services import SERVICES, Service

__all__ = ["orders", "products", "run"]


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
    own and gives tokens to anybody.
    """
    settings = settle_access(command_settings(), demo_by_default=True)
    run_async(run_services(settings, list(SERVICES.values()), say=click.echo, seed_empty_shop=True))


def _service_command(service: Service) -> click.Command:
    @said_plainly
    def start() -> None:
        settings = settle_access(command_settings(), demo_by_default=False)
        if settings.event_log == "embedded":
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

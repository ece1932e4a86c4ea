"""seed: load products into the shop."""

from pathlib import Path

import rich_click as click

from apps.bootstrap import Part, open_container
from apps.catalogue.reading import load_catalogue, sample_catalogue
from apps.catalogue.seeding import SeedResult, seed_products
from apps.commands.common import command_settings, examples, run_async, said_plainly
from apps.faults import CommandFault
from apps.settings import Settings
from inventory_domain.use_cases.keep_catalogue import ProductDraft

__all__ = ["seed"]


@click.command(
    epilog=examples(
        "python -m apps seed",
        "python -m apps seed products.csv",
        "",
        "A CSV file begins with a row of names, and tags are separated by |:",
        "_id,name,price,category,tags,stock",
        "lamp-oak,Oak table lamp,59.90,Lighting,oak|table,48",
    )
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@said_plainly
def seed(file: Path | None) -> None:
    """Load products from FILE (JSON or CSV), or a sample catalogue without FILE.

    A product that is there already, by its id, is left as it is: the same file again changes
    nothing. It works beside a running system.
    """
    settings = command_settings()
    drafts = sample_catalogue() if file is None else _read(file)
    result = run_async(_seed(settings, drafts))
    click.echo(f"{result.added} products were added, {result.present} were there already.")


def _read(file: Path) -> tuple[ProductDraft, ...]:
    try:
        return load_catalogue(file)
    except OSError as error:
        raise CommandFault(f"{file} cannot be read ({error.strerror}): check its name.") from None


async def _seed(settings: Settings, drafts: tuple[ProductDraft, ...]) -> SeedResult:
    parts = (Part.STOCK, Part.LOG)
    async with open_container(settings, parts=parts, owner=False) as container:
        return await seed_products(container, drafts)

"""audit: does everything add up?"""

import sys

import rich_click as click

from apps.bootstrap import Part, open_container
from apps.commands.common import (
    command_settings,
    console,
    examples,
    new_table,
    print_json,
    require_system,
    run_async,
    said_plainly,
)
from apps.faults import NO
from apps.reports import audit_facts, difference_facts, product_facts
from apps.settings import Settings
from apps.words import counted
from inventory_domain.audit import Auditor, AuditReport

__all__ = ["audit"]

_SUMS = ("received", "stock", "reserved", "sold", "written off")


@click.command(
    epilog=examples(
        "python -m apps audit",
        "python -m apps audit --json | jq .differences",
    )
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@said_plainly
def audit(*, as_json: bool) -> None:
    """Audit the stock: received = stock + reserved + sold + written off, for every product.

    Every sum is computed anew from the ledger, and every order's claim from the ledger and its
    reservation; what differs is named with product, order and difference. It works beside a
    running system. The exit code is 0 when everything adds up, 1 when it does not.
    """
    settings = command_settings()
    require_system(settings)
    report = run_async(_audit(settings))
    if as_json:
        print_json(_document(report))
    else:
        _print(report)
    sys.exit(0 if report.holds else NO)


async def _audit(settings: Settings) -> AuditReport:
    auditor = Auditor()
    async with open_container(settings, parts=(Part.STOCK,), owner=False) as container:
        async for part in container.stock_store().audit_parts():
            auditor.add(part)
    return auditor.report()


def _print(report: AuditReport) -> None:
    table = new_table("product", *_SUMS, "holds", "name", right=_SUMS)
    for product in report.products:
        numbers = (getattr(product, what.replace(" ", "_")) for what in _SUMS)
        holds = "yes" if product.holds else "[red]no[/red]"
        table.add_row(product.product_id, *map(str, numbers), holds, product.name)
    out = console()
    out.print(table)
    for difference in report.differences:
        out.print(f"[red]{difference}[/red]", soft_wrap=True)
    verdict = "Everything adds up" if report.holds else "It does not add up"
    out.print(
        f"{verdict}: {counted(len(report.products), 'product')}, "
        f"{counted(report.movements, 'movement')}, "
        f"{counted(report.orders_reserved, 'order holds', 'orders hold')} stock, "
        f"{counted(len(report.differences), 'difference')}."
    )


def _document(report: AuditReport) -> dict[str, object]:
    return {
        **audit_facts(report),
        "products": product_facts(report.products),
        "differences": difference_facts(report.differences),
    }

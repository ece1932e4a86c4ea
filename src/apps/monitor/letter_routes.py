"""Dead letters: looked at, and sent back."""

from collections import Counter
from collections.abc import Sequence

from litestar import get, post

from apps.edge.answers import Answer, success
from apps.edge.body import read_object
from apps.edge.calls import AnyRequest, as_admin
from apps.edge.fields import Fields
from apps.edge.query import query_of
from apps.monitor import operations as described
from apps.monitor.desk import Desk
from apps.monitor.reading import parse_letters, parse_redrive
from apps.monitor.redrives import RedriveRun
from apps.monitor.views import letter_view, plan_view, run_view
from inventory_domain.use_cases.redrive import Plan

__all__ = ["LETTER_ROUTES"]

_PLANS_SHOWN_MAX = 500


@get(
    "/dead-letters",
    tags=["dead letters"],
    summary="List dead letters",
    operation_class=described.Letters,
)
async def list_letters(request: AnyRequest, desk: Desk) -> Answer:
    """Return one page of the dead letters that pass the filters, newest first.

    Those that were sent back are not among them unless ``state`` asks for them.
    """
    as_admin(request)
    wanted, paging = parse_letters(query_of(request))
    start = (paging.page - 1) * paging.limit
    page = await desk.letter_page(wanted, start=start, count=paging.limit)
    found = [letter_view(letter) for letter in page.letters]
    data = {
        "deadLetters": found,
        "count": len(found),
        "reasons": [{"reason": one, "count": count} for one, count in page.reasons.items()],
        "isComplete": page.is_complete,
    }
    return success(f"Dead letters found: {page.total}.", data, meta=paging.meta(page.total))


@get(
    "/dead-letters/{id:str}",
    tags=["dead letters"],
    summary="Read a dead letter",
    operation_class=described.GetLetter,
)
async def get_letter(request: AnyRequest, desk: Desk) -> Answer:
    """Return a dead letter with its headers and the whole of its value."""
    as_admin(request)
    letter = await desk.letter(request.path_params["id"])
    return success("Dead letter found.", {"deadLetter": letter_view(letter, whole=True)})


@post(
    "/dead-letters/redrive",
    tags=["dead letters"],
    summary="Send dead letters back, or say what that would do",
    operation_class=described.PostRedrive,
)
async def redrive(request: AnyRequest, desk: Desk) -> Answer:
    """Say what sending each back would do now; with ``dryRun: false`` also begin to do it.

    With a filter these are the oldest that pass, up to a number; ``matching`` tells of all.
    """
    as_admin(request)
    order = parse_redrive(Fields(await read_object(request)))
    letters = await desk.letters(order.choice)
    plans = await desk.redrive.plan(letters)
    matching = desk.matching(order.choice)
    if order.dry_run:
        return success("Nothing was sent.", _plans_view(plans, matching, None))
    run = desk.runs.start(plans, per_second=order.per_second)
    return success("It is under way.", _plans_view(plans, matching, run), status=202)


@get(
    "/dead-letters/redrives/{id:str}",
    tags=["dead letters"],
    summary="See how far a redrive is",
    operation_class=described.GetRun,
)
async def get_run(request: AnyRequest, desk: Desk) -> Answer:
    """Return the progress of a redrive that was begun a while ago."""
    as_admin(request)
    run = desk.run(request.path_params["id"])
    return success("Redrive found.", {"redrive": run_view(run)})


def _plans_view(plans: Sequence[Plan], matching: int, run: RedriveRun | None) -> dict[str, object]:
    going = sum(plan.is_sent for plan in plans)
    return {
        "plans": [plan_view(plan) for plan in plans[:_PLANS_SHOWN_MAX]],
        "count": len(plans),
        "matching": matching,
        "forecasts": Counter(plan.forecast.value for plan in plans),
        "going": going,
        "leftOut": len(plans) - going,
        "redrive": None if run is None else run_view(run),
    }


LETTER_ROUTES = (list_letters, get_run, get_letter, redrive)

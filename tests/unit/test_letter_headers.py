"""A dead letter that is sent back carries the headers that its record came with, and no other."""

import pytest

from inventory_domain.codec import REDRIVE_COUNT_HEADER
from inventory_domain.dead_letters import Failure, bury, read_letter, revive
from inventory_domain.records import Headers
from inventory_domain.testing import NOW, a_record, an_outgoing_record

FAILURE = Failure(error_class="broken_message", message="no", attempts=1, first_at=NOW, last_at=NOW)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("service", b"their-shop"),),
        (("team", b"x"), ("attempts", b"7")),
        (("service", b"their-shop"), ("team", b"x")),
        (("service", b"one"), ("service", b"two")),
        (("original-topic", b"theirs"), ("original-bytes", b"12")),
    ],
)
def test_a_producers_headers_come_back_whatever_their_names(headers: Headers) -> None:
    record = a_record(an_outgoing_record("inventory.reserve", headers=headers))

    letter = read_letter(a_record(bury(record, FAILURE, service="products-service")))

    assert letter.service == "products-service"
    assert revive(letter, redrives=1).headers == (*headers, (REDRIVE_COUNT_HEADER, b"1"))

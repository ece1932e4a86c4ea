"""What every source of ids promises."""
# ruff: noqa: PLR2004 - the numbers are the story that each test tells

from inventory_domain.ids import is_id, is_order_number
from inventory_domain.ports import IdSource
from inventory_domain.testing.builders import NOW, later
from inventory_domain.times import to_milliseconds

__all__ = ["IdSourceContract"]

MANY = 10_000


class IdSourceContract:
    """Proves ``ports.IdSource``. Fixture: ``ids``."""

    def test_every_id_is_new_and_fit_for_use(self, ids: IdSource) -> None:
        """No id comes twice, and each can be an order's, a product's or an event's."""
        given = [ids.new_id() for _ in range(MANY)]

        assert len(set(given)) == MANY
        assert all(is_id(one) for one in given)

    def test_an_order_number_has_the_usual_form(self, ids: IdSource) -> None:
        """With the milliseconds of the instant in it."""
        for moment in (NOW, later(0.001), later(86_400)):
            number = ids.order_number(moment)

            assert is_order_number(number)
            assert number.split("-")[1] == str(to_milliseconds(moment))

    def test_order_numbers_of_one_moment_differ(self, ids: IdSource) -> None:
        """As a rule: a number that is taken all the same is refused by the store."""
        assert len({ids.order_number(NOW) for _ in range(20)}) > 15

    def test_jitter_is_a_number_from_zero_to_below_one(self, ids: IdSource) -> None:
        """A pause is stretched by it, never turned back."""
        assert all(0 <= ids.jitter() < 1 for _ in range(MANY))

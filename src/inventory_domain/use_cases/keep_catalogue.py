"""Keep the catalogue: products are added, edited and deactivated, their stock is not touched."""

from collections.abc import Callable, Sequence

import attrs

from inventory_domain.codec import Codec
from inventory_domain.errors import Contention, ProductExists, ProductNotFound, StockConflict
from inventory_domain.ids import EventId, ProductId
from inventory_domain.messages import Trace
from inventory_domain.money import Money
from inventory_domain.ports import Clock, IdSource, StockStore
from inventory_domain.stock import Adjust, Product, ProductWrite, StockChange, StockView
from inventory_domain.stock_decisions import StockPolicy, decide
from inventory_domain.use_cases.taking_turns import ALONE, TakingTurns

__all__ = ["KeepCatalogue", "ProductDraft", "ProductEdit"]

_TRIES_MAX = 10


@attrs.frozen(kw_only=True)
class ProductDraft:
    """A product to be; *stock* units of it are received at once."""

    product_id: ProductId | None = None
    name: str
    price: Money
    description: str = ""
    category: str = ""
    brand: str | None = None
    sku: str | None = None
    tags: tuple[str, ...] = ()
    image_url: str | None = None
    stock: int = 0


@attrs.frozen(kw_only=True)
class ProductEdit:
    """What is to change of a product; None leaves it as it is.

    An empty brand, sku or image address takes it away.
    """

    name: str | None = None
    price: Money | None = None
    description: str | None = None
    category: str | None = None
    brand: str | None = None
    sku: str | None = None
    tags: tuple[str, ...] | None = None
    image_url: str | None = None
    is_active: bool | None = None

    def apply(self, product: Product) -> Product:
        """Return *product* with the changes."""
        changes = attrs.asdict(self, recurse=False, filter=lambda _, value: value is not None)
        for name in ("brand", "sku", "image_url"):
            changes[name] = changes.get(name, getattr(product, name)) or None
        return attrs.evolve(product, **changes)


@attrs.frozen(kw_only=True)
class KeepCatalogue:
    """The calls that change what is sold."""

    store: StockStore
    clock: Clock
    ids: IdSource
    codec: Codec
    nudge_relay: Callable[[], None]
    turns: TakingTurns = ALONE

    async def add(
        self,
        draft: ProductDraft,
        *,
        actor: str,
        reason: str = "first stock",
        trace: Trace = Trace(),
    ) -> Product:
        """Add a product, with its first stock as a movement like any other.

        Raises:
            ProductExists: its id is taken.
        """
        [product] = await self.add_all([draft], actor=actor, reason=reason, trace=trace)
        return product

    async def add_all(
        self,
        drafts: Sequence[ProductDraft],
        *,
        actor: str,
        reason: str = "first stock",
        trace: Trace = Trace(),
    ) -> tuple[Product, ...]:
        """Add products, all of them or none; see :meth:`add`."""
        bare: dict[ProductId, Product] = {}
        for product in map(self._product, drafts):
            if product.product_id in bare:
                raise ProductExists(product_id=product.product_id)
            bare[product.product_id] = product
        commands = [
            Adjust(
                product_id=product_id,
                quantity=draft.stock,
                event_id=EventId(self.ids.new_id()),
                reason=reason,
                actor=actor,
                trace=trace,
            )
            for product_id, draft in zip(bare, drafts, strict=True)
            if draft.stock
        ]
        decision = decide(
            commands,
            StockView({}, bare),
            now=self.clock.now(),
            policy=StockPolicy(),
            codec=self.codec,
        )
        products = {**bare, **{x.product.product_id: x.product for x in decision.change.products}}
        change = attrs.evolve(
            decision.change,
            products=tuple(ProductWrite(product, None) for product in products.values()),
        )
        try:
            await self.store.commit(change)
        except StockConflict:
            taken = (await self.store.load((), list(products))).products
            raise ProductExists(product_id=next(iter(taken or products))) from None
        self.nudge_relay()
        return tuple(products.values())

    async def edit(self, product_id: ProductId, edit: ProductEdit) -> Product:
        """Change what is said of a product; its stock stays as it is.

        Raises:
            ProductNotFound: there is no such product.
        """
        for attempt in range(_TRIES_MAX):
            async with self.turns.turn():
                after = await self._try_edit(product_id, edit)
            if after is not None:
                return after
            await self.turns.lost(attempt)
        raise Contention(tries=_TRIES_MAX)

    async def _try_edit(self, product_id: ProductId, edit: ProductEdit) -> Product | None:
        found = (await self.store.load((), [product_id])).products.get(product_id)
        if found is None:
            raise ProductNotFound(product_id=product_id)
        after = edit.apply(found)
        if after == found:
            return found
        after = attrs.evolve(after, version=found.version + 1, updated_at=self.clock.now())
        try:
            await self.store.commit(StockChange(products=(ProductWrite(after, found.version),)))
        except StockConflict:
            return None
        return after

    async def deactivate(self, product_id: ProductId) -> Product:
        """Take a product off sale; open orders keep their stock."""
        return await self.edit(product_id, ProductEdit(is_active=False))

    def _product(self, draft: ProductDraft) -> Product:
        now = self.clock.now()
        return Product(
            product_id=draft.product_id or ProductId(self.ids.new_id()),
            name=draft.name,
            price=draft.price,
            description=draft.description,
            category=draft.category,
            brand=draft.brand,
            sku=draft.sku,
            tags=draft.tags,
            image_url=draft.image_url,
            created_at=now,
            updated_at=now,
        )

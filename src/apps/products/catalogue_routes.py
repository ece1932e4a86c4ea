"""The catalogue: anybody reads it, admins keep it."""

from litestar import delete, get, post, put

from apps.catalogue.product_form import read_draft, read_edit
from apps.edge.answers import Answer, success
from apps.edge.body import read_object
from apps.edge.calls import AnyRequest, as_admin, as_anyone
from apps.edge.fields import Fields
from apps.edge.query import Paging, query_of
from apps.products import operations as described
from apps.products.desk import Desk
from apps.products.reading import parse_listing, parse_search
from inventory_domain.queries import Page
from inventory_domain.stock import Product
from inventory_domain.views import product_view

__all__ = ["CATALOGUE_ROUTES"]


@get(
    "/products",
    tags=["products"],
    summary="List products",
    operation_class=described.ListProducts,
)
async def list_products(request: AnyRequest, desk: Desk) -> Answer:
    """Return one page of the products on sale that pass every filter."""
    query, paging = parse_listing(as_anyone(request), query_of(request))
    return _products(await desk.store.find_products(query), paging)


@get(
    "/products/search",
    tags=["products"],
    summary="Search products, the best match first",
    operation_class=described.SearchProducts,
)
async def search_products(request: AnyRequest, desk: Desk) -> Answer:
    """Return one page of the products on sale in which every word is found."""
    query, paging = parse_search(as_anyone(request), query_of(request))
    return _products(await desk.store.find_products(query), paging)


@get(
    "/products/{id:str}",
    tags=["products"],
    summary="Read a product",
    operation_class=described.GetProduct,
)
async def get_product(request: AnyRequest, desk: Desk) -> Answer:
    """Return a product, also one that is off sale, since old orders still name it."""
    as_anyone(request)
    return _product("Product found.", await desk.product(request.path_params["id"]))


@post(
    "/products",
    tags=["catalogue"],
    summary="Add a product",
    operation_class=described.AddProduct,
)
async def add_product(request: AnyRequest, desk: Desk) -> Answer:
    """Add a product; its first stock is a movement like any other."""
    call = as_admin(request)
    fields = Fields(await read_object(request))
    draft = read_draft(fields)
    fields.finish()
    product = await desk.catalogue.add(draft, actor=call.caller.subject, trace=call.trace)
    return _product("Product added.", product, status=201)


@put(
    "/products/{id:str}",
    tags=["catalogue"],
    summary="Change what is said of a product",
    operation_class=described.EditProduct,
)
async def edit_product(request: AnyRequest, desk: Desk) -> Answer:
    """Change the fields that are sent; stock is not among them."""
    as_admin(request)
    fields = Fields(await read_object(request))
    edit = read_edit(fields)
    fields.finish()
    found = await desk.product(request.path_params["id"])
    return _product("Product changed.", await desk.catalogue.edit(found.product_id, edit))


@delete(
    "/products/{id:str}",
    status_code=200,
    tags=["catalogue"],
    summary="Take a product off sale",
    operation_class=described.DeactivateProduct,
)
async def deactivate_product(request: AnyRequest, desk: Desk) -> Answer:
    """Hide a product from the lists; open orders keep their stock, nobody can order more."""
    as_admin(request)
    found = await desk.product(request.path_params["id"])
    return _product("Product off sale.", await desk.catalogue.deactivate(found.product_id))


def _product(message: str, product: Product, *, status: int = 200) -> Answer:
    return success(message, {"product": product_view(product)}, status=status)


def _products(page: Page[Product], paging: Paging) -> Answer:
    found = [product_view(product) for product in page.items]
    data = {"products": found, "count": len(found)}
    return success(f"Products found: {page.total}.", data, meta=paging.meta(page.total))


CATALOGUE_ROUTES = (
    list_products,
    search_products,
    get_product,
    add_product,
    edit_product,
    deactivate_product,
)

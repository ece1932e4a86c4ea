/** Where the services are, and whether this is the demo: read once, before anything is drawn. */

/** @type {{orders: string, products: string, storefront: string, monitor: string, demo: boolean}} */
export const config = await (await fetch("/config.json")).json();

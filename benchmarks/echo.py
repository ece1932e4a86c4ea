"""A bare Litestar app that gives a body back: what a server does when it does nothing."""

import sys
from typing import Any

import uvicorn
from litestar import Litestar, post


@post("/api/v1/orders", status_code=201)
async def echo(data: dict[str, Any]) -> dict[str, Any]:
    """Return what came."""
    return data


def main() -> None:
    """Serve on the port of the first argument."""
    uvicorn.run(
        Litestar([echo]),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_level="error",
        access_log=False,
    )


if __name__ == "__main__":
    main()

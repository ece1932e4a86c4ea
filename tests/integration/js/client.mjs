// Connects with the official client and prints what happens to it, one JSON document a line.
// Arguments: the address, and the client's options as JSON. Every line of the input is a JSON
// array to emit; at the end of the input the client goes away.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [address, options] = process.argv.slice(2);

function say(kind, detail) {
  process.stdout.write(JSON.stringify({ kind, ...detail }) + "\n");
}

const socket = io(address, JSON.parse(options));
// "active" tells whether the client will try again by itself.
socket.on("connect", () => say("connect", { id: socket.id }));
socket.on("connect_error", (error) =>
  say("connect_error", { message: error.message, active: socket.active }),
);
socket.on("disconnect", (reason) => say("disconnect", { reason, active: socket.active }));
socket.onAny((event, payload) => say("event", { event, payload }));
socket.io.on("open", () =>
  socket.io.engine.on("upgrade", (transport) => say("upgrade", { transport: transport.name })),
);

const input = createInterface({ input: process.stdin });
input.on("line", (line) => socket.emit(...JSON.parse(line)));
input.on("close", () => socket.close());

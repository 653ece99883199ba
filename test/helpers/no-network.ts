// Loaded before a program by NODE_OPTIONS=--import: cuts its network. Whoever asks for a name or a connection all the same ends
// the program with a code of its own.
import dgram from "node:dgram";
import dns from "node:dns";
import net from "node:net";

const CUT = 9;

function cut(): never {
  console.error("the network is cut");
  process.exit(CUT);
}

Object.assign(net.Socket.prototype, { connect: cut });
Object.assign(dns, { lookup: cut, resolve: cut });
Object.assign(dns.promises, { lookup: cut, resolve: cut });
Object.assign(dgram, { createSocket: cut });

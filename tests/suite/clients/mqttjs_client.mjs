// MQTT.js: it does what standard input says and tells what happens to it, a line each.
//
// usage: node mqttjs_client.mjs PORT CA CERTIFICATE KEY VERSION CLIENT_ID KEEP_ALIVE FILTER...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

// Installed by tests/run, outside the sources.
const mqtt = createRequire(`${process.env.CLIENTS}/`)("mqtt");
const [port, ca, certificate, key, version, clientId, keepAlive, ...filters] = process.argv.slice(2);
const say = (...words) => console.log(words.join(" "));

const client = mqtt.connect({
  protocol: "mqtts",
  host: "localhost",
  port: Number(port),
  ca: readFileSync(ca),
  cert: readFileSync(certificate),
  key: readFileSync(key),
  clientId,
  protocolVersion: version === "5" ? 5 : 4,
  keepalive: Number(keepAlive),
  reconnectPeriod: 1000,
  resubscribe: false,
});

client.on("connect", () => {
  say("connected", 0);
  client.subscribe(filters, { qos: 1 });
});
client.on("packetreceive", (packet) => {
  if (packet.cmd === "connack" && (packet.returnCode || packet.reasonCode)) {
    say("connected", packet.reasonCode ?? packet.returnCode);
  }
  if (packet.cmd === "suback") say("subscribed", ...packet.granted);
  if (packet.cmd === "puback") say("published", packet.reasonCode ?? 0);
  if (packet.cmd === "pingresp") say("ping");
  if (packet.cmd === "disconnect") say("disconnected", packet.reasonCode);
});
client.on("message", (topic, payload) => say("message", topic, payload.toString()));
client.on("close", () => say("closed"));
client.on("error", (error) => say("error", error.message));
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const at = line.indexOf(" ");
    client.publish(line.slice(0, at), line.slice(at + 1), { qos: 1 }, () => {});
  })
  .on("close", () => client.end());

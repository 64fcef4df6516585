"""A paho-mqtt client, of 1.6 or 2: it does what standard input says and tells what happens to it, a line each.

usage: paho_client.py PORT CA CERTIFICATE KEY VERSION CLIENT_ID KEEP_ALIVE FILTER...
"""
import sys

import paho.mqtt.client as mqtt

PORT, CA, CERTIFICATE, KEY, VERSION, CLIENT_ID, KEEP_ALIVE, *FILTERS = sys.argv[1:]
PROTOCOL = mqtt.MQTTv5 if VERSION == "5" else mqtt.MQTTv311
NEW = hasattr(mqtt, "CallbackAPIVersion")


def say(*words):
    print(*words, flush=True)


def code(reason):
    return getattr(reason, "value", reason)


def connected(client, _data, _flags, reason, _properties=None):
    say("connected", code(reason))
    if code(reason) == 0:
        client.subscribe([(own, 1) for own in FILTERS])


def subscribed(_client, _data, _id, reasons, _properties=None):
    say("subscribed", *[code(reason) for reason in reasons])


def published(_client, _data, _id, reason=0, _properties=None):
    say("published", code(reason))


def heard(_client, _data, message):
    say("message", message.topic, message.payload.decode())


def disconnected(_client, _data, *rest):
    # 1.6: reason and, in MQTT 5, properties; 2: flags, reason, properties.
    say("disconnected", code(rest[1] if NEW else rest[0]))


def logged(_client, _data, _level, text):
    if "PINGRESP" in text:
        say("ping")


own = {"client_id": CLIENT_ID, "protocol": PROTOCOL}
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, **own) if NEW else mqtt.Client(**own)
client.tls_set(CA, CERTIFICATE, KEY)
client.on_connect, client.on_subscribe, client.on_publish = connected, subscribed, published
client.on_message, client.on_disconnect, client.on_log = heard, disconnected, logged
client.reconnect_delay_set(1, 2)
client.connect_async("localhost", int(PORT), int(KEEP_ALIVE))
client.loop_start()
for line in sys.stdin:
    topic, payload = line.rstrip("\n").split(" ", 1)
    client.publish(topic, payload, 1)
client.disconnect()
client.loop_stop()

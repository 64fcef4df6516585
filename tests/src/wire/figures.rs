//! Measurements on virtual time: unlock latency beside the wire's limit, poll periods, use of the wire.

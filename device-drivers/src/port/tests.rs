//! The port thread over a real pty.

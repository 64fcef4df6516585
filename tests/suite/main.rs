//! One test binary over the whole: every module is a sentence of what must hold.

mod tidy;

//! Passwords of the guard's links to rumqttd: each is good once, and it is used where only this process can see it.
//!
//! So the two ends know each other. A stranger on the loopback port guesses nothing and is not let in; and one that took
//! the port before rumqttd did hears a password that opens nothing, and is found out because nobody used it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Passwords that were issued and not used yet: one for each link that is being opened.
#[derive(Debug, Default)]
pub(super) struct Passes(Mutex<HashSet<String>>);

/// One password. Dropping it makes it worthless.
#[derive(Debug)]
pub(super) struct Pass {
    passes: Arc<Passes>,
    password: String,
}

impl Passes {
    /// A password that nobody can guess.
    pub(super) fn issue(self: &Arc<Self>) -> Result<Pass, getrandom::Error> {
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes)?;
        let password: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.lock().insert(password.clone());
        Ok(Pass { passes: Arc::clone(self), password })
    }

    /// rumqttd's question: whether this one may enter. It may once.
    pub(super) fn admit(&self, password: &str) -> bool {
        self.lock().remove(password)
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// What to say to rumqttd.
    pub(super) fn password(&self) -> &str {
        &self.password
    }

    /// Whether rumqttd of this process was told it.
    pub(super) fn was_used(&self) -> bool {
        !self.passes.lock().contains(&self.password)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.passes.lock().remove(&self.password);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_is_good_once_and_only_while_it_is_held() {
        let passes = Arc::new(Passes::default());
        let (pass, other) = (passes.issue().unwrap(), passes.issue().unwrap());
        assert!(!pass.was_used());
        assert!(passes.admit(pass.password()));
        assert!(pass.was_used() && !other.was_used());
        assert!(!passes.admit(pass.password()));
        let kept = other.password().to_owned();
        drop(other);
        assert!(!passes.admit(&kept));
        assert!(!passes.admit(""));
    }
}

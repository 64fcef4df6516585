//! The local broker as a child process, where no service manager runs it: started again whenever it ends.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::Command;

use super::tasks::TaskResult;

/// How to start the child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<std::ffi::OsString>,
}

/// Why the child is not running.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// It cannot be started.
    #[error("start {}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It ended.
    #[error("{} ended: {how}", program.display())]
    Ended {
        /// The program.
        program: PathBuf,
        /// Its exit code or signal.
        how: String,
    },
}

/// Starts the child and waits until it ends. Dropping the future ends the child. It shares our output streams and
/// reads nothing.
///
/// # Errors
/// Always ends with [`ChildError`], which names the reason; the caller starts it again.
pub async fn child(command: ChildCommand) -> TaskResult {
    let ChildCommand { program, arguments } = command;
    let started = Command::new(&program).args(&arguments).stdin(Stdio::null()).kill_on_drop(true).spawn();
    let mut child = started.map_err(|source| ChildError::Start { program: program.clone(), source })?;
    let how = match child.wait().await {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    };
    Err(ChildError::Ended { program, how }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn end_is_named_when_the_child_ends_or_is_not_there() {
        let command = |program: &str| ChildCommand { program: program.into(), arguments: Vec::new() };
        let ended = child(command("/bin/false")).await.map_err(|why| why.to_string());
        assert_eq!(ended, Err("/bin/false ended: exit status: 1".into()));
        let missing = child(command("/nowhere/vestibule")).await.map_err(|why| why.to_string());
        assert_eq!(missing, Err("start /nowhere/vestibule".into()));
    }
}

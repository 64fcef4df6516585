//! What a check says: how it stands, in a sentence, and what to do about it.

use serde::{Deserialize, Serialize};

/// How something stands, the better the smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// As it should be.
    Fine,
    /// Could not be looked at, or does not apply here; the sentence says which.
    Skipped,
    /// Worth knowing.
    Note,
    /// Will trouble somebody before long.
    Warning,
    /// Troubles somebody now.
    Failure,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How it stands.
    pub standing: Standing,
    /// What, in one sentence without a full stop.
    pub what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What a check comes back with; the error is the one finding of a check that could not look.
pub type Findings = Result<Vec<Finding>, Finding>;

impl Finding {
    /// As it should be.
    pub fn fine(what: impl Into<String>) -> Self {
        Self { standing: Standing::Fine, what: what.into(), next: None }
    }

    /// Not looked at, and why.
    pub fn skipped(why: impl Into<String>) -> Self {
        Self { standing: Standing::Skipped, what: why.into(), next: None }
    }

    /// Worth knowing.
    pub fn note(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { standing: Standing::Note, what: what.into(), next: Some(next.into()) }
    }

    /// Will trouble somebody.
    pub fn warning(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { standing: Standing::Warning, what: what.into(), next: Some(next.into()) }
    }

    /// Troubles somebody.
    pub fn failure(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { standing: Standing::Failure, what: what.into(), next: Some(next.into()) }
    }
}

/// What was found, or this sentence where nothing was.
pub fn or_fine(found: Vec<Finding>, fine: impl Into<String>) -> Findings {
    Ok(if found.is_empty() { vec![Finding::fine(fine)] } else { found })
}

/// One finding.
pub fn one(finding: Finding) -> Findings {
    Ok(vec![finding])
}

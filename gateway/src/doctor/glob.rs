//! Names with `*`, as `--only` takes them.

/// Whether a name is meant: `*` stands for anything, a bare group for all of it.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    let whole_group = name.split_once('.').is_some_and(|(group, _)| group == pattern);
    whole_group || glob(pattern.as_bytes(), name.as_bytes())
}

fn glob(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|at| glob(rest, name.get(at..).unwrap_or_default())),
        Some((first, rest)) => {
            name.split_first().is_some_and(|(letter, after)| letter == first && glob(rest, after))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn star_stands_for_anything_and_a_group_for_all_of_it() {
        assert!(matches("clock.zone", "clock.zone"));
        assert!(matches("clock.*", "clock.zone") && matches("*.zone", "clock.zone"));
        assert!(matches("*", "clock.zone") && matches("clock", "clock.zone"));
        assert!(!matches("clo", "clock.zone") && !matches("clock.zon", "clock.zone"));
        assert!(!matches("disk*", "clock.zone") && !matches("", "clock.zone"));
    }
}
